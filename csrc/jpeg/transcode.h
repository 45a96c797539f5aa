// Writes a JPEG anew without changing a coefficient: with restart markers and the best Huffman tables.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastmix {

// Writes the same picture as a sequential, Huffman-coded JPEG whose MCUs restart every `interval` (1 to 65,535), and
// returns its size. Keeps APPn and COM markers and the bytes behind the picture. The bytes may be anything.
//
// Returns 0 if the file is to stay as it is: libjpeg-turbo reports an error or a warning, it is not of 8 bits, scans of
// a progressive file are missing, it needs more than 512 MiB, or the result is not smaller than `room` bytes. `out` is
// then undefined.
size_t transcode(const uint8_t* data, size_t size, unsigned interval, uint8_t* out, size_t room);

}  // namespace fastmix
