#include "jpeg_decoder.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>

// After <cstdio>, whose FILE they use, and in this order.
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "scaled_size.h"
#include "scans.h"

#if defined(FASTMIX_JPEG_INTERNALS)
#include "entropy_decoder.h"
#endif

namespace fastmix {

namespace {

constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr uint8_t kExifName[] = {'E', 'x', 'i', 'f', 0, 0};
constexpr size_t kMarkerLimit = 0xFFFF;
// Progressive files are held as coefficients: of 4:2:0 in 12 megapixels 36 MiB.
constexpr long kMostMemory = 512L << 20;
// Beside the part, so that upsampled colours have their neighbours.
constexpr int32_t kMargin = 2;
constexpr int32_t kChannels = 3;

// Whether the file's bytes are the reason for this error, for every version of libjpeg-turbo and whatever part of the
// picture is decoded at which size.
bool is_of_file(int error) {
  switch (error) {
    case JERR_BAD_COMPONENT_ID:
    case JERR_BAD_HUFF_TABLE:
    case JERR_BAD_LENGTH:
    case JERR_BAD_MCU_SIZE:
    case JERR_BAD_PROGRESSION:
    case JERR_DHT_INDEX:
    case JERR_DQT_INDEX:
    case JERR_MISMATCHED_QUANT_TABLE:
    case JERR_NO_HUFF_TABLE:
    case JERR_NO_QUANT_TABLE:
    case JERR_NO_SOI:
    case JERR_SOF_DUPLICATE:
    case JERR_SOI_DUPLICATE:
    case JERR_SOS_NO_SOF:
    case JERR_UNKNOWN_MARKER:
      return true;
    default:
      return false;
  }
}

}  // namespace

struct JpegDecoder::State {
  jpeg_decompress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf escape;
  ReducedRegion reduced;
  Turn turn;
  bool gave_up = false;

  State();
  ~State() { jpeg_destroy_decompress(&jpeg); }

  // Over libjpeg's frames, and those of functions here that have nothing to destroy.
  [[noreturn]] static void leave(j_common_ptr jpeg) { std::longjmp(static_cast<State*>(jpeg->client_data)->escape, 1); }
  [[noreturn]] void leave() { leave(reinterpret_cast<j_common_ptr>(&jpeg)); }

  void begin(const uint8_t* data, size_t size);
  bool skip_rows();
  int32_t orientation() const;
  void mend_widths();
  void read_rows(uint8_t* out);
  void write_row(const uint8_t* row, int32_t number, uint8_t* out) const;
};

JpegDecoder::State::State() {
  std::memset(&jpeg, 0, sizeof jpeg);
  jpeg.err = jpeg_std_error(&errors);
  errors.error_exit = [](j_common_ptr jpeg) {
    static_cast<State*>(jpeg->client_data)->gave_up = is_of_file(jpeg->err->msg_code);
    leave(jpeg);
  };
  errors.output_message = [](j_common_ptr) {};
  errors.emit_message = [](j_common_ptr jpeg, int level) {
    if (level < 0) leave(jpeg);
  };
  progress.progress_monitor = [](j_common_ptr jpeg) {
    if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number > kMostScans) leave(jpeg);
  };
  jpeg.client_data = this;
}

void JpegDecoder::State::begin(const uint8_t* data, size_t size) {
  jpeg_create_decompress(&jpeg);
  jpeg.mem->max_memory_to_use = kMostMemory;
  jpeg.progress = &progress;
  jpeg_mem_src(&jpeg, data, size);
}

// 0 where it is not clear.
int32_t JpegDecoder::State::orientation() const {
  int32_t found = 1;
  bool seen = false;
  for (auto marker = jpeg.marker_list; marker != nullptr; marker = marker->next) {
    if (marker->marker != kExifMarker || marker->data_length < sizeof kExifName ||
        std::memcmp(marker->data, kExifName, sizeof kExifName) != 0) {
      continue;
    }
    if (seen) return 0;
    seen = true;
    found = exif_orientation(marker->data + sizeof kExifName, marker->data_length - sizeof kExifName);
  }
  return found;
}

JpegDecoder::JpegDecoder() = default;
JpegDecoder::~JpegDecoder() = default;
JpegDecoder::JpegDecoder(JpegDecoder&&) noexcept = default;
JpegDecoder& JpegDecoder::operator=(JpegDecoder&&) noexcept = default;

bool JpegDecoder::open(const uint8_t* data, size_t size, Size image, const Window& window, Size out, Filter filter) {
  const int32_t reduction = reduction_for(window, out);
  if (size < 2 || data[0] != 0xFF || data[1] != 0xD8) return false;
  state_ = std::make_unique<State>();
  State& state = *state_;
  jpeg_decompress_struct& jpeg = state.jpeg;
  if (setjmp(state.escape)) return false;
  state.begin(data, size);
  jpeg_save_markers(&jpeg, kExifMarker, kMarkerLimit);
  if (jpeg_read_header(&jpeg, TRUE) != JPEG_HEADER_OK) return false;
  const bool colour = jpeg.num_components == 3 && jpeg.jpeg_color_space == JCS_YCbCr;
  const bool gray = jpeg.num_components == 1 && jpeg.jpeg_color_space == JCS_GRAYSCALE;
  const int32_t orientation = state.orientation();
  if (!(colour || gray) || jpeg.arith_code || jpeg.data_precision != 8 || orientation == 0) return false;
  state.turn = turn_of(orientation);
  const auto height = static_cast<JDIMENSION>(state.turn.transpose ? image.width : image.height);
  const auto width = static_cast<JDIMENSION>(state.turn.transpose ? image.height : image.width);
  if (jpeg.image_height != height || jpeg.image_width != width) return false;
  state.reduced = fastmix::reduced_region(filter, window, image, out, state.turn, reduction);
  jpeg.scale_num = 1;
  jpeg.scale_denom = static_cast<unsigned>(reduction);
  jpeg.out_color_space = JCS_RGB;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.do_block_smoothing = FALSE;
  return true;
}

std::optional<bool> JpegDecoder::has_all_rows(const uint8_t* data, size_t size) {
  const auto state = std::make_unique<State>();
  state->errors.emit_message = [](j_common_ptr, int) {};
  if (setjmp(state->escape)) return std::nullopt;
  state->begin(data, size);
  // "No more now", at which libjpeg returns; its own source would make up an end marker.
  state->jpeg.src->fill_input_buffer = [](j_decompress_ptr) -> boolean { return FALSE; };
  return state->skip_rows();
}

// At the smallest scale, which takes the least time after the entropy decoder. False if the data ends before the rows.
bool JpegDecoder::State::skip_rows() {
  if (jpeg_read_header(&jpeg, TRUE) != JPEG_HEADER_OK) return false;
  jpeg.scale_num = 1;
  jpeg.scale_denom = 8;
  jpeg.out_color_space = jpeg.jpeg_color_space;
  jpeg.do_block_smoothing = FALSE;
  if (!jpeg_start_decompress(&jpeg)) return false;
  const auto samples = jpeg.output_width * static_cast<JDIMENSION>(jpeg.output_components);
  JSAMPARRAY rows = jpeg.mem->alloc_sarray(reinterpret_cast<j_common_ptr>(&jpeg), JPOOL_IMAGE, samples, 1);
  while (jpeg.output_scanline < jpeg.output_height) {
    if (jpeg_read_scanlines(&jpeg, rows, 1) == 0) return false;
  }
  return true;
}

const ReducedRegion& JpegDecoder::reduced_region() const { return state_->reduced; }

bool JpegDecoder::gave_up() const { return state_ != nullptr && state_->gave_up; }

bool JpegDecoder::decode(uint8_t* out) {
  State& state = *state_;
  if (setjmp(state.escape)) {
    jpeg_abort_decompress(&state.jpeg);
    return false;
  }
  state.read_rows(out);
  jpeg_abort_decompress(&state.jpeg);
  return true;
}

// jpeg_crop_scanline takes it that all components are scaled alike. But libjpeg scales a component less if that spares
// it the upsampling, and the upsampling in the other direction then reads rows of this width.
void JpegDecoder::State::mend_widths() {
  for (int i = 0; i < jpeg.num_components; ++i) {
    jpeg_component_info& component = jpeg.comp_info[i];
    const auto scaled = static_cast<uint64_t>(component.h_samp_factor) * scaled_size(component);
    const auto most = static_cast<uint64_t>(jpeg.max_h_samp_factor) * scaled_size(jpeg);
    component.downsampled_width = static_cast<JDIMENSION>((jpeg.output_width * scaled + most - 1) / most);
  }
}

void JpegDecoder::State::read_rows(uint8_t* out) {
  const Region& part = reduced.stored;
  jpeg_start_decompress(&jpeg);
  if (!has_all_coefficients(jpeg)) leave();
  auto first = static_cast<JDIMENSION>(std::max(part.x - kMargin, 0));
  JDIMENSION width = std::min(static_cast<JDIMENSION>(part.x + part.width + kMargin), jpeg.output_width) - first;
  jpeg_crop_scanline(&jpeg, &first, &width);
  mend_widths();
#if defined(FASTMIX_JPEG_INTERNALS)
  read_coefficients_faster(&jpeg, first, width);
#endif
  // libjpeg-turbo writes aligned rows past the caches, from where they would have to be read again: this one is not.
  void* memory = jpeg.mem->alloc_small(reinterpret_cast<j_common_ptr>(&jpeg), JPOOL_IMAGE, width * kChannels + 1);
  JSAMPROW row = static_cast<JSAMPROW>(memory) + 1;
  const auto rows = static_cast<JDIMENSION>(part.y);
  if (rows > 0 && jpeg_skip_scanlines(&jpeg, rows) != rows) leave();
  for (int32_t y = 0; y < part.height; ++y) {
    if (jpeg_read_scanlines(&jpeg, &row, 1) != 1) leave();
    write_row(row + (part.x - static_cast<int32_t>(first)) * kChannels, y, out);
  }
}

void JpegDecoder::State::write_row(const uint8_t* row, int32_t number, uint8_t* out) const {
  const Region& region = reduced.region;
  const size_t pitch = static_cast<size_t>(region.width) * kChannels;
  if (!turn.transpose && !turn.flip_x) {
    const int32_t y = turn.flip_y ? region.height - 1 - number : number;
    std::memcpy(out + y * pitch, row, pitch);
    return;
  }
  for (int32_t x = 0; x < reduced.stored.width; ++x, row += kChannels) {
    int32_t to_y = turn.transpose ? x : number;
    int32_t to_x = turn.transpose ? number : x;
    if (turn.flip_y) to_y = region.height - 1 - to_y;
    if (turn.flip_x) to_x = region.width - 1 - to_x;
    std::copy_n(row, kChannels, out + to_y * pitch + static_cast<size_t>(to_x) * kChannels);
  }
}

}  // namespace fastmix
