// The format of an image file, by its first bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "status.h"

namespace fastmix {

// kGuest: GIF, AVIF and JPEG 2000, which a GuestDecoder reads. kOther: formats that are known but not decoded.
enum class Kind { kUnknown, kJpeg, kPng, kWebp, kBmp, kTiff, kPnm, kGuest, kOther };

Kind kind_of(const uint8_t* data, size_t size);

// kOk for formats that are decoded, else why not; `guest`: whether there is a GuestDecoder.
Status admission_of(Kind kind, bool guest);

}  // namespace fastmix
