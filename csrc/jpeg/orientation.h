// Exif's orientation: how a camera was held.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastmix {

// 1 to 8 as Exif numbers them, 1 where the tag is absent, or 0 where anything about the data is odd. `exif` is a
// marker's content behind "Exif\0\0": a TIFF header and its directories, of any content.
int32_t exif_orientation(const uint8_t* exif, size_t size);

// What has to be done to the stored pixels, in this order: transposed, then turned over along either axis.
struct Turn {
  bool transpose, flip_y, flip_x;
};

Turn turn_of(int32_t orientation);

}  // namespace fastmix
