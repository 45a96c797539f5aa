#include "transcode.h"

#include <csetjmp>
#include <cstdio>
#include <cstring>

// After <cstdio>, whose FILE it uses.
#include <jpeglib.h>

#include "scans.h"

namespace fastmix {

namespace {

constexpr unsigned kMarkerLimit = 0xFFFF;
// All coefficients are held: of 4:2:0 in 12 megapixels 36 MiB.
constexpr long kMostMemory = 512L << 20;

// Has no destructors to pass over: libjpeg leaves its functions by longjmp.
struct Transcoder {
  jpeg_decompress_struct from;
  jpeg_compress_struct to;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  jpeg_destination_mgr memory;
  std::jmp_buf escape;

  Transcoder(uint8_t* out, size_t room);

  [[noreturn]] static void leave(j_common_ptr jpeg) {
    std::longjmp(static_cast<Transcoder*>(jpeg->client_data)->escape, 1);
  }
  [[noreturn]] void leave() { leave(reinterpret_cast<j_common_ptr>(&from)); }

  void read(const uint8_t* data, size_t size);
  void write(unsigned interval);
  void append_rest();
};

Transcoder::Transcoder(uint8_t* out, size_t room) {
  std::memset(&from, 0, sizeof from);
  std::memset(&to, 0, sizeof to);
  std::memset(&progress, 0, sizeof progress);
  from.err = to.err = jpeg_std_error(&errors);
  from.client_data = to.client_data = this;
  errors.error_exit = leave;
  errors.output_message = [](j_common_ptr) {};
  errors.emit_message = [](j_common_ptr jpeg, int level) {
    if (level < 0) leave(jpeg);
  };
  progress.progress_monitor = [](j_common_ptr jpeg) {
    if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number > kMostScans) leave(jpeg);
  };
  memory.next_output_byte = out;
  memory.free_in_buffer = room;
  memory.init_destination = [](j_compress_ptr) {};
  memory.empty_output_buffer = [](j_compress_ptr jpeg) -> boolean { leave(reinterpret_cast<j_common_ptr>(jpeg)); };
  memory.term_destination = [](j_compress_ptr) {};
}

void Transcoder::read(const uint8_t* data, size_t size) {
  jpeg_create_decompress(&from);
  from.mem->max_memory_to_use = kMostMemory;
  from.progress = &progress;
  jpeg_mem_src(&from, data, size);
  jpeg_save_markers(&from, JPEG_COM, kMarkerLimit);
  for (int i = 0; i < 16; ++i) jpeg_save_markers(&from, JPEG_APP0 + i, kMarkerLimit);
  if (jpeg_read_header(&from, TRUE) != JPEG_HEADER_OK || from.data_precision != 8) leave();
}

void Transcoder::write(unsigned interval) {
  jvirt_barray_ptr* coefficients = jpeg_read_coefficients(&from);
  if (!has_all_coefficients(from)) leave();
  jpeg_create_compress(&to);
  jpeg_copy_critical_parameters(&from, &to);
  // The file's own markers say so, and are copied.
  to.write_JFIF_header = to.write_Adobe_marker = FALSE;
  to.optimize_coding = TRUE;
  to.restart_interval = interval;
  to.dest = &memory;
  jpeg_write_coefficients(&to, coefficients);
  for (auto marker = from.marker_list; marker != nullptr; marker = marker->next) {
    jpeg_write_marker(&to, marker->marker, marker->data, marker->data_length);
  }
  jpeg_finish_compress(&to);
}

// Cameras put previews and films behind the picture.
void Transcoder::append_rest() {
  const size_t rest = from.src->bytes_in_buffer;
  if (rest > memory.free_in_buffer) leave();
  if (rest != 0) std::memcpy(memory.next_output_byte, from.src->next_input_byte, rest);
  memory.free_in_buffer -= rest;
}

}  // namespace

size_t transcode(const uint8_t* data, size_t size, unsigned interval, uint8_t* out, size_t room) {
  if (size < 2 || data[0] != 0xFF || data[1] != 0xD8) return 0;
  Transcoder transcoder(out, room);
  // Changed between setjmp and longjmp, and read after it.
  volatile size_t written = 0;
  if (setjmp(transcoder.escape) == 0) {
    transcoder.read(data, size);
    transcoder.write(interval);
    transcoder.append_rest();
    written = room - transcoder.memory.free_in_buffer;
  }
  jpeg_destroy_compress(&transcoder.to);
  jpeg_destroy_decompress(&transcoder.from);
  return written;
}

}  // namespace fastmix
