// Two helpers for mixing uint8 images. may_tie() finds the weights that can give a mix halfway between two integers.
// with_smaller_weight() puts the image of smaller weight second. Part of kernels_inl.h.
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

// A mix, written as base + weight * (other - base) with a weight of at most 1/2: `base` is the image of larger weight.
// `scaled` is floor(2^32 weight).
struct ByteMix {
  const uint8_t* base;
  const uint8_t* other;
  float weight;
  uint32_t scaled;
};

inline ByteMix with_smaller_weight(const uint8_t* own, const uint8_t* partner, float weight) {
  const bool most = weight > 0.5f;  // if so, float32 holds 1 - weight exactly
  const float smaller = most ? 1.0f - weight : weight;
  const auto scaled = static_cast<uint32_t>(static_cast<int64_t>(static_cast<double>(smaller) * 0x1p32));
  return {most ? own : partner, most ? partner : own, smaller, scaled};
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
