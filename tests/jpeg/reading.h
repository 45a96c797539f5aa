// Decoding of a part of a JPEG by libjpeg or with fastmix's entropy decoder, and damage to JPEGs.
#pragma once

#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <random>

#include "../fuzz/corpus.h"
#include "entropy_decoder.h"

namespace fastmix::test {

enum class Reader { kLibjpeg, kLibjpegInSpiteOfWarnings, kOurs, kOursWithBmi2 };

// Which part, and how small.
struct Part {
  unsigned reduction;
  double left, width, top;  // of the picture
};

struct Jump : jpeg_error_mgr {
  std::jmp_buf escape;
};

[[noreturn]] inline void leave(j_common_ptr jpeg) { std::longjmp(static_cast<Jump*>(jpeg->err)->escape, 1); }

// RGB rows; false where libjpeg, or ours, is not content.
inline bool decode(const Bytes& file, Reader reader, const Part& part, Bytes& pixels) {
  jpeg_decompress_struct jpeg;
  Jump errors;
  jpeg.err = jpeg_std_error(&errors);
  errors.error_exit = leave;
  errors.emit_message = [](j_common_ptr, int) {};
  if (reader != Reader::kLibjpegInSpiteOfWarnings) {
    errors.emit_message = [](j_common_ptr jpeg, int level) {
      if (level < 0) leave(jpeg);
    };
  }
  pixels.clear();
  if (setjmp(errors.escape)) {
    jpeg_destroy_decompress(&jpeg);
    return false;
  }
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, file.data(), file.size());
  jpeg_read_header(&jpeg, TRUE);
  constexpr JDIMENSION kMost = 4096;  // damaged headers ask for anything
  if (jpeg.image_width > kMost || jpeg.image_height > kMost) leave(reinterpret_cast<j_common_ptr>(&jpeg));
  jpeg.scale_denom = part.reduction;
  jpeg.out_color_space = jpeg.num_components == 1 ? JCS_GRAYSCALE : jpeg.num_components == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_start_decompress(&jpeg);
  auto left = static_cast<JDIMENSION>(part.left * jpeg.output_width);
  JDIMENSION width = std::max(1u, static_cast<JDIMENSION>(part.width * (jpeg.output_width - left)));
  jpeg_crop_scanline(&jpeg, &left, &width);
  if (reader == Reader::kOurs || reader == Reader::kOursWithBmi2)
    fastmix::read_coefficients_faster(&jpeg, left, width, reader == Reader::kOursWithBmi2);
  jpeg_skip_scanlines(&jpeg, static_cast<JDIMENSION>(part.top * (jpeg.output_height - 1)));
  const size_t pitch = static_cast<size_t>(jpeg.output_width) * jpeg.output_components;
  while (jpeg.output_scanline < jpeg.output_height) {
    pixels.resize(pixels.size() + pitch);
    JSAMPROW row = pixels.data() + pixels.size() - pitch;
    if (jpeg_read_scanlines(&jpeg, &row, 1) != 1) leave(reinterpret_cast<j_common_ptr>(&jpeg));
  }
  jpeg_abort_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return true;
}

// Cut off, with something that may be a marker behind, or with bits or bytes changed, most of them behind the header.
inline Bytes damaged(Bytes file, std::mt19937& random) {
  if (file.size() < 4) return file;
  const auto below = [&](size_t end) { return static_cast<size_t>(random() % end); };
  if (below(8) == 0) {
    const Bytes endings[] = {{}, {0xFF}, {0xFF, 0xFF}, {0xFF, 0xFF, 0x00}, {0xFF, 0xD0}, {0xFF, 0xFF, 0xD9}};
    const Bytes& ending = endings[below(6)];
    file.resize(below(2) == 0 ? file.size() - 2 : 1 + below(file.size() - 1));  // the last two are a marker
    file.insert(file.end(), ending.begin(), ending.end());
    return file;
  }
  const size_t header = below(4) == 0 ? 0 : std::min<size_t>(file.size() - 1, 620);
  for (size_t change = 1 + below(4); change != 0; --change) {
    uint8_t& byte = file[header + below(file.size() - header)];
    const uint8_t marks[] = {0x00, 0xFF, 0xD0, 0xD9};
    byte = below(2) == 0 ? marks[below(4)] : static_cast<uint8_t>(byte ^ 1u << below(8));
  }
  return file;
}

}  // namespace fastmix::test
