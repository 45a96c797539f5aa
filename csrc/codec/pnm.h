// PNM (PBM, PGM, PPM), of which nvImageCodec reads only binary files of full range as they are meant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fastmix {

// Whether the header can be read and the file has the bytes for as many pixels as it claims.
bool sound_pnm(const uint8_t* data, size_t size);

// The same image in a binary file whose largest value is 255 or 65535; empty if the file is one already. Larger values
// than the file's maximum count as the maximum. Needs a sound file; text that is no number reads as 0.
std::vector<uint8_t> pnm_of_full_range(const uint8_t* data, size_t size);

}  // namespace fastmix
