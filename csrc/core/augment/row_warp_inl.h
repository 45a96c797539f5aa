// Warps that move the pixels of a row along the row: shears and translations. Part of augment_kernels_inl.h.
//
// Pillow computes a level in float64 and truncates it. This code computes a block of pixels in float32 first, where a
// level's error is below a bound. If a level is nearer to an integer than the bound, truncation might give another
// level than Pillow's. Then the block is computed again in float64.
#pragma once

#include <cstdint>

#include "augment/blocks_inl.h"
#include "augment/pixel_math.h"
#include "augment/warp_math.h"

namespace fastmix {
namespace FM_ISA {
namespace {

// Output pixel k of a run reads the source at a point to the right of the centre of in[k]. Returns the distance between
// that point and that centre, with Pillow's float64 operations.
inline __attribute__((always_inline)) double exact_distance(const RowRun& run, int64_t k) {
  const int32_t x = run.x + static_cast<int32_t>(k);
  return static_cast<double>(x) + 0.5 + run.slope + run.offset - 0.5 - static_cast<double>(x + run.shift);
}

// Bounds the error of a float32 level. There are three roundings: of t, of the product and of the sum. Each changes the
// level by at most 2^-17. Between equal neighbours the level is exact.
constexpr float kLinearRowBound = 0x1p-15f;

inline __attribute__((always_inline)) bool linear_block(uint8_t* __restrict out, const uint8_t* __restrict in, float t,
                                                        int64_t n) {
  int32_t doubt = 0;
  for (int64_t k = 0; k < n; ++k) {
    const int32_t a = in[k], b = in[k + 1];
    const float level = static_cast<float>(a) + static_cast<float>(b - a) * t;
    const int32_t whole = static_cast<int32_t>(level);
    doubt |= near_integer(level, whole, kLinearRowBound) ? a ^ b : 0;
    out[k] = static_cast<uint8_t>(whole);
  }
  return doubt != 0;
}

inline void linear_exactly(uint8_t* __restrict out, const uint8_t* __restrict in, const RowRun& run, int64_t begin,
                           int64_t n) {
  const RowRun at = run;
  for (int64_t k = 0; k < n; ++k) {
    const double level =
        linear(static_cast<double>(in[k]), static_cast<double>(in[k + 1]), exact_distance(at, begin + k));
    out[k] = static_cast<uint8_t>(static_cast<int32_t>(level));
  }
}

// Bounds the error of a float32 level. Each weight has an error below 2^-23, and the four together change the sum by
// less than 4 * 255 * 2^-23. The roundings of the products and sums add less than 7 * 2^-16.
constexpr float kCubicRowBound = 0x1p-11f;

inline __attribute__((always_inline)) bool cubic_block(uint8_t* __restrict out, const uint8_t* __restrict in, float t,
                                                       int64_t n) {
  float wa, wb, wc, wd;
  cubic_weights(t, wa, wb, wc, wd);
  int32_t doubt = 0;
  for (int64_t k = 0; k < n; ++k) {
    const int32_t a = in[k - 1], b = in[k], c = in[k + 1], d = in[k + 2];
    const float level = wa * static_cast<float>(a) + wb * static_cast<float>(b) + wc * static_cast<float>(c) +
                        wd * static_cast<float>(d);
    const int32_t whole = static_cast<int32_t>(level);
    const int32_t different = (a ^ b) | (b ^ c) | (c ^ d);
    doubt |= near_integer(level, whole, kCubicRowBound) ? different : 0;
    out[k] = static_cast<uint8_t>(different == 0 ? b : clamp_whole(whole));
  }
  return doubt != 0;
}

inline void cubic_exactly(uint8_t* __restrict out, const uint8_t* __restrict in, const RowRun& run, int64_t begin,
                          int64_t n) {
  const RowRun at = run;
  for (int64_t k = 0; k < n; ++k) {
    const double level =
        cubic(static_cast<double>(in[k - 1]), static_cast<double>(in[k]), static_cast<double>(in[k + 1]),
              static_cast<double>(in[k + 2]), exact_distance(at, begin + k));
    out[k] = static_cast<uint8_t>(clamp_level(level));
  }
}

void linear_row(uint8_t* out, const uint8_t* in, const RowRun& run, int64_t n) {
  for_blocks(n, [&](int64_t k, int64_t count) {
    if (linear_block(out + k, in + k, run.t, count)) linear_exactly(out + k, in + k, run, k, count);
  });
}

void cubic_row(uint8_t* out, const uint8_t* in, const RowRun& run, int64_t n) {
  for_blocks(n, [&](int64_t k, int64_t count) {
    if (cubic_block(out + k, in + k, run.t, count)) cubic_exactly(out + k, in + k, run, k, count);
  });
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
