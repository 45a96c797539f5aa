// A decoder of formats that neither fastmix nor nvImageCodec reads, as a C function. Python passes the address of one
// that calls Pillow, so that this library depends on neither.
#pragma once

#include <cstdint>

#include "resample/window.h"
#include "status.h"

namespace fastmix {

// Reads the header of a file of Kind::kGuest if `out` is null, and sets `size`, upright; kTooLarge above `max_pixels`,
// which is 0 for no limit. Otherwise decodes it to RGB (size.height, size.width, 3), densely packed, and writes nothing
// if the file has another size. Returns kTransient for lack of memory. Called from several threads at once.
using GuestDecoder = Status (*)(const uint8_t* data, int64_t bytes, int64_t max_pixels, Size* size, uint8_t* out);

}  // namespace fastmix
