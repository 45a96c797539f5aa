// Decodes a part of a JPEG by libjpeg-turbo, at 1/2, 1/4 or 1/8 of its size where the window is shrunk anyway.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "reduced_region.h"

namespace fastmix {

// One photograph. The bytes may be anything; they are not copied. Where a function returns false the file is damaged,
// or of a kind that is left to others: no error is told from another, since a complete decoder is to judge the file.
class JpegDecoder {
 public:
  // Whether there is data for every row of a JPEG of any coding and colour space that may lack its end marker. Nothing
  // if libjpeg-turbo stops for another reason, such as a coding that it does not know.
  static std::optional<bool> has_all_rows(const uint8_t* data, size_t size);

  JpegDecoder();
  ~JpegDecoder();
  JpegDecoder(JpegDecoder&&) noexcept;
  JpegDecoder& operator=(JpegDecoder&&) noexcept;

  // Reads the header: whether it is of a plain photograph (8 bits, Huffman-coded, gray or YCbCr) of this size, upright.
  bool open(const uint8_t* data, size_t size, Size image, const Window& window, Size out, Filter filter);

  // Valid after open() returned true.
  const ReducedRegion& reduced_region() const;

  // Writes RGB (region.height, region.width, 3), densely packed, upright. Call once, after open(). Returns false on
  // errors and on libjpeg's warnings; `out` is then undefined. Frees all memory except the reduced region.
  bool decode(uint8_t* out);

  // After open() or decode() was false: whether the file's bytes make it impossible for libjpeg-turbo to go on, rather
  // than warn.
  bool gave_up() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fastmix
