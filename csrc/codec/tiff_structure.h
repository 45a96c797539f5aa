// Reads the first directory of a TIFF. libtiff would print several lines for each file that ends before its pixels.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastmix {

// Whether the strips or tiles of the first page lie within the file. True where the directory does not say.
bool sound_tiff(const uint8_t* data, size_t size);

}  // namespace fastmix
