// Warps that move rows along themselves. Part of augment_kernels_inl.h.
//
// Pillow computes in float64 and truncates. Here float32 comes first, in blocks. Its error is below a bound, so it
// truncates to the same level unless it is that near an integer; the block is then computed again in float64.
#pragma once

#include <cstdint>

#include "augment/pixel_math.h"

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr int64_t kWarpBlock = 64;

// Whether an error of `bound` may change the truncated level.
inline __attribute__((always_inline)) bool near_integer(float level, int32_t whole, float bound) {
  const float part = __builtin_fabsf(level - static_cast<float>(whole));
  return (part < bound) | (part > 1.0f - bound);
}

inline __attribute__((always_inline)) int32_t clamp_whole(int32_t whole) {
  whole = whole < 0 ? 0 : whole;
  return whole > 255 ? 255 : whole;
}

bool row_points(int32_t* __restrict first, double* __restrict t, float* __restrict t_float, double slope, double offset,
                int64_t n) {
  const int32_t shift = floor_of(0.5 + slope + offset - 0.5);
  int32_t different = 0;
  for (int32_t k = 0; k < static_cast<int32_t>(n); ++k) {
    const double left = static_cast<double>(k) + 0.5 + slope + offset - 0.5;
    const int32_t pixel = floor_of(left);
    first[k] = pixel;
    t[k] = left - static_cast<double>(pixel);
    t_float[k] = static_cast<float>(t[k]);
    different |= pixel - k - shift;
  }
  return different == 0;
}

// Rounding t, the product and the sum errs by at most 2^-17 each. Equal neighbours give an exact level.
constexpr float kLinearRowBound = 0x1p-15f;

inline __attribute__((always_inline)) bool linear_block(uint8_t* __restrict out, const uint8_t* __restrict in,
                                                        const float* __restrict t, int64_t n) {
  int32_t doubt = 0;
  for (int64_t k = 0; k < n; ++k) {
    const int32_t a = in[k], b = in[k + 1];
    const float level = static_cast<float>(a) + static_cast<float>(b - a) * t[k];
    const int32_t whole = static_cast<int32_t>(level);
    doubt |= near_integer(level, whole, kLinearRowBound) ? a ^ b : 0;
    out[k] = static_cast<uint8_t>(whole);
  }
  return doubt != 0;
}

inline void linear_exactly(uint8_t* __restrict out, const uint8_t* __restrict in, const double* __restrict t,
                           int64_t n) {
  for (int64_t k = 0; k < n; ++k) {
    const double level = linear(static_cast<double>(in[k]), static_cast<double>(in[k + 1]), t[k]);
    out[k] = static_cast<uint8_t>(static_cast<int32_t>(level));
  }
}

// Keys' weights of the samples at -1, 0, 1, 2.
inline __attribute__((always_inline)) void cubic_weights(float t, float& a, float& b, float& c, float& d) {
  a = t * (-1.0f + t * (2.0f - t));
  b = 1.0f + t * t * (t - 2.0f);
  c = t * (1.0f + t * (1.0f - t));
  d = t * t * (t - 1.0f);
}

// The weights err by less than 2^-23 each, the levels by less than 4 * 255 * 2^-23 + 7 * 2^-16.
constexpr float kCubicRowBound = 0x1p-11f;

inline __attribute__((always_inline)) bool cubic_block(uint8_t* __restrict out, const uint8_t* __restrict in,
                                                       const float* __restrict t, int64_t n) {
  int32_t doubt = 0;
  for (int64_t k = 0; k < n; ++k) {
    const int32_t a = in[k - 1], b = in[k], c = in[k + 1], d = in[k + 2];
    float wa, wb, wc, wd;
    cubic_weights(t[k], wa, wb, wc, wd);
    const float level = wa * static_cast<float>(a) + wb * static_cast<float>(b) + wc * static_cast<float>(c) +
                        wd * static_cast<float>(d);
    const int32_t whole = static_cast<int32_t>(level);
    const int32_t different = (a ^ b) | (b ^ c) | (c ^ d);
    doubt |= near_integer(level, whole, kCubicRowBound) ? different : 0;
    out[k] = static_cast<uint8_t>(different == 0 ? b : clamp_whole(whole));
  }
  return doubt != 0;
}

inline void cubic_exactly(uint8_t* __restrict out, const uint8_t* __restrict in, const double* __restrict t,
                          int64_t n) {
  for (int64_t k = 0; k < n; ++k) {
    const double level = cubic(static_cast<double>(in[k - 1]), static_cast<double>(in[k]),
                               static_cast<double>(in[k + 1]), static_cast<double>(in[k + 2]), t[k]);
    out[k] = static_cast<uint8_t>(clamp_level(level));
  }
}

// Runs a row in blocks; the last one overlaps the one before it.
template <typename Quick, typename Exact>
inline __attribute__((always_inline)) void run_blocks(int64_t n, const Quick& quick, const Exact& exact) {
  for (int64_t k = 0; k < n && n >= kWarpBlock; k += kWarpBlock) {
    const int64_t begin = k + kWarpBlock <= n ? k : n - kWarpBlock;
    if (quick(begin, kWarpBlock)) exact(begin, kWarpBlock);
  }
  if (n < kWarpBlock && quick(0, n)) exact(0, n);
}

void linear_row(uint8_t* out, const uint8_t* in, const double* t, const float* t_float, int64_t n) {
  run_blocks(
      n, [&](int64_t k, int64_t count) { return linear_block(out + k, in + k, t_float + k, count); },
      [&](int64_t k, int64_t count) { linear_exactly(out + k, in + k, t + k, count); });
}

void cubic_row(uint8_t* out, const uint8_t* in, const double* t, const float* t_float, int64_t n) {
  run_blocks(
      n, [&](int64_t k, int64_t count) { return cubic_block(out + k, in + k, t_float + k, count); },
      [&](int64_t k, int64_t count) { cubic_exactly(out + k, in + k, t + k, count); });
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
