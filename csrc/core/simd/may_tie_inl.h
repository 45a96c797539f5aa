// Which weights can make a mix of two uint8 lie halfway between two integers. Part of kernels_inl.h.
#pragma once

#include <cstdint>

namespace fastmix {
namespace FM_ISA {
namespace {

// Whether a mix with this weight, between 0 and 1, can lie halfway between two integers. Only multiples of 2^-8 can do
// that (see blend_u8_inl.h).
inline bool may_tie(float weight) {
  const float units = weight * 256.0f;
  return units == static_cast<float>(static_cast<int32_t>(units));
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
