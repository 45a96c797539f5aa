// Operations that read neighbours: sharpness and blur. Part of augment_kernels_inl.h.
#pragma once

#include <cstdint>

#include "augment/blocks_inl.h"
#include "augment/pixel_math.h"

namespace fastmix {
namespace FM_ISA {
namespace {

inline __attribute__((always_inline)) void sharpen_block(uint8_t* __restrict out, const uint8_t* __restrict above,
                                                         const uint8_t* __restrict at, const uint8_t* __restrict below,
                                                         float factor, int64_t n) {
  for (int64_t x = 1; x <= n; ++x) {
    // The sums fit into 16 bits, and a vector register holds twice as many 16-bit sums as 32-bit sums.
    const uint16_t row = static_cast<uint16_t>(at[x - 1] + at[x + 1] + 5 * at[x]);
    const uint16_t upper = static_cast<uint16_t>(above[x - 1] + above[x] + above[x + 1]);
    const uint16_t lower = static_cast<uint16_t>(below[x - 1] + below[x] + below[x + 1]);
    const int32_t smooth = static_cast<uint8_t>(smooth_level(static_cast<uint16_t>(row + upper + lower)));
    out[x] = static_cast<uint8_t>(blend_level(smooth, at[x], factor));
  }
}

void sharpen(uint8_t* out, const uint8_t* above, const uint8_t* at, const uint8_t* below, float factor, int64_t width) {
  for_blocks(width - 2,
             [&](int64_t k, int64_t count) { sharpen_block(out + k, above + k, at + k, below + k, factor, count); });
}

void blur_row(uint8_t* __restrict out, uint32_t* __restrict sums, const uint8_t* add, const uint8_t* drop,
              const uint8_t* far_above, const uint8_t* far_below, uint32_t inner, uint32_t edge, int64_t width) {
  for (int64_t x = 0; x < width; ++x) {
    const uint32_t sum = sums[x] + add[x] - drop[x];
    sums[x] = sum;
    out[x] = static_cast<uint8_t>(box_level(sum, uint32_t{far_above[x]} + far_below[x], inner, edge));
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
