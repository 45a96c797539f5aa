// Blends uint8 with NEON in integers, 16 at a time. Part of kernels_inl.h. blend_u8_inl.h explains the method.
#pragma once

#include <arm_neon.h>

#include <cstdint>

#include "simd/byte_weight_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

// Returns distance * M / 2^32, rounded to nearest, for four distances. `high` and `low` are the 16-bit halves of M,
// which is floor(2^32 weight).
inline uint16x4_t scale_distance(uint16x4_t distance, uint16x4_t high, uint16x4_t low) {
  const uint32x4_t product = vmlal_u16(vshrq_n_u32(vmull_u16(distance, low), 16), distance, high);
  return vrshrn_n_u32(product, 16);
}
inline uint8x8_t scale_distances(uint8x8_t distance, uint16x4_t high, uint16x4_t low) {
  const uint16x8_t wide = vmovl_u8(distance);
  return vmovn_u16(
      vcombine_u16(scale_distance(vget_low_u16(wide), high, low), scale_distance(vget_high_u16(wide), high, low)));
}

// Blends with a weight that cannot give a tie, 16 elements at a time. Returns how many it blended. `out` may be `own`.
inline int64_t blend_without_ties(uint8_t* out, const uint8_t* own, const uint8_t* partner, float weight, int64_t n) {
  const ByteMix mix = with_smaller_weight(own, partner, weight);
  const uint16x4_t high = vdup_n_u16(static_cast<uint16_t>(mix.scaled >> 16));
  const uint16x4_t low = vdup_n_u16(static_cast<uint16_t>(mix.scaled & 0xffff));
  int64_t k = 0;
  for (; k + 16 <= n; k += 16) {
    const uint8x16_t x = vld1q_u8(mix.other + k);
    const uint8x16_t y = vld1q_u8(mix.base + k);
    const uint8x16_t distance = vabdq_u8(x, y);
    const uint8x16_t delta = vcombine_u8(scale_distances(vget_low_u8(distance), high, low),
                                         scale_distances(vget_high_u8(distance), high, low));
    vst1q_u8(out + k, vbslq_u8(vcgtq_u8(x, y), vaddq_u8(y, delta), vsubq_u8(y, delta)));
  }
  return k;
}

// Computes 8 mixes (x * own + y * rest) / 2^8, rounded to nearest even. `own` and `rest` are the weights in units of
// 2^-8.
inline uint8x8_t blend_whole(uint8x8_t x, uint8x8_t y, uint8x8_t own, uint8x8_t rest) {
  const uint16x8_t sum = vmlal_u8(vmull_u8(x, own), y, rest);
  const uint16x8_t last = vandq_u16(vshrq_n_u16(sum, 8), vdupq_n_u16(1));
  return vshrn_n_u16(vaddq_u16(vaddq_u16(sum, vdupq_n_u16(127)), last), 8);
}

// Blends with a weight that can give a tie: a multiple of 2^-8. Returns how many elements it blended.
inline int64_t blend_with_ties(uint8_t* out, const uint8_t* own, const uint8_t* partner, float weight, int64_t n) {
  const int units = static_cast<int>(weight * 256.0f);  // 1 to 255
  const uint8x8_t in = vdup_n_u8(static_cast<uint8_t>(units));
  const uint8x8_t rest = vdup_n_u8(static_cast<uint8_t>(256 - units));
  int64_t k = 0;
  for (; k + 16 <= n; k += 16) {
    const uint8x16_t x = vld1q_u8(own + k);
    const uint8x16_t y = vld1q_u8(partner + k);
    vst1q_u8(out + k, vcombine_u8(blend_whole(vget_low_u8(x), vget_low_u8(y), in, rest),
                                  blend_whole(vget_high_u8(x), vget_high_u8(y), in, rest)));
  }
  return k;
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
