// The format of an image file, by its first bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "status.h"

namespace fastmix {

// kOther: formats that are known but not decoded.
enum class Kind { kUnknown, kJpeg, kPng, kWebp, kBmp, kTiff, kPnm, kOther };

Kind kind_of(const uint8_t* data, size_t size);

// kOk for formats that nvImageCodec may be given, else why not.
Status admission_of(Kind kind);

}  // namespace fastmix
