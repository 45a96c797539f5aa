// Warps in two dimensions: rotations. Part of augment_kernels_inl.h.
//
// As in row_warp_inl.h, float32 comes first; pixels whose level is too near an integer are computed again in float64.
#pragma once

#include <cstdint>
#include <cstring>

#include "augment/pixel_math.h"
#include "augment/row_warp_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

void nearest_warp(uint32_t* __restrict out, const uint32_t* __restrict source, int32_t height, int32_t width, int32_t x,
                  int32_t y, int32_t step_x, int32_t step_y, int32_t n) {
  int32_t offset[kWarpBlock];
  const int32_t fill = height * width;  // the place of the fill colour
  for (int32_t begin = 0; begin < n; begin += kWarpBlock) {
    const int32_t count = n - begin < kWarpBlock ? n - begin : static_cast<int32_t>(kWarpBlock);
    for (int32_t k = 0; k < count; ++k) {
      const int32_t column = (x + (begin + k) * step_x) >> 16;
      const int32_t row = (y + (begin + k) * step_y) >> 16;
      const bool inside = (column >= 0) & (column < width) & (row >= 0) & (row < height);
      offset[k] = inside ? row * width + column : fill;
    }
    for (int32_t k = 0; k < count; ++k) out[begin + k] = source[offset[k]];
  }
}

// Where an output pixel lies in the source.
struct WarpPoint {
  bool inside;
  int32_t offset;  // of the pixel up and left of it, in `source`; valid also outside
  double x, y;     // from that pixel's centre
};

inline __attribute__((always_inline)) WarpPoint warp_point(const WarpRow& row, int32_t k) {
  const double x = static_cast<double>(k) + 0.5;
  const double column = row.m[0] * x + row.m[1] * row.y + row.m[2];
  const double line = row.m[3] * x + row.m[4] * row.y + row.m[5];
  const bool inside = (column >= 0.0) & (column < static_cast<double>(row.width)) & (line >= 0.0) &
                      (line < static_cast<double>(row.height));
  const double left = column - 0.5, top = line - 0.5;
  const int32_t i = floor_of(left), j = floor_of(top);
  const int32_t pixel = (j + row.frame) * row.pitch + i + row.frame;
  const int32_t first = row.frame * row.pitch + row.frame;
  return {inside, inside ? pixel : first, left - static_cast<double>(i), top - static_cast<double>(j)};
}

struct WarpBlock {
  alignas(64) int32_t offset[kWarpBlock];
  alignas(64) float x[kWarpBlock];
  alignas(64) float y[kWarpBlock];
  alignas(64) uint32_t outside[kWarpBlock];  // all bits or none
};

inline void place_block(WarpBlock& block, const WarpRow& row, int32_t begin) {
  const WarpRow at = row;
  for (int32_t k = 0; k < kWarpBlock; ++k) {
    const WarpPoint point = warp_point(at, begin + k);
    block.offset[k] = point.offset;
    block.x[k] = static_cast<float>(point.x);
    block.y[k] = static_cast<float>(point.y);
    block.outside[k] = point.inside ? 0u : ~0u;
  }
}

inline __attribute__((always_inline)) int32_t level_of(uint32_t pixel, int color) {
  return static_cast<int32_t>((pixel >> (8 * color)) & 0xff);
}
inline __attribute__((always_inline)) double exact_level(uint32_t pixel, int color) {
  return static_cast<double>(level_of(pixel, color));
}

inline uint32_t linear_pixel(const WarpRow& row, int32_t k) {
  const WarpPoint point = warp_point(row, k);
  const uint32_t* const above = row.source + point.offset;
  const uint32_t* const below = above + row.pitch;
  uint32_t pixel = 0;
  for (int color = 0; color < 3; ++color) {
    const double upper = linear(exact_level(above[0], color), exact_level(above[1], color), point.x);
    const double lower = linear(exact_level(below[0], color), exact_level(below[1], color), point.x);
    pixel |= static_cast<uint32_t>(static_cast<int32_t>(linear(upper, lower, point.y))) << (8 * color);
  }
  return pixel;
}

// Rounding errs by at most 13 * 2^-17. Four equal neighbours give an exact level.
constexpr float kLinearBound = 0x1p-13f;

void linear_warp(uint32_t* out, const WarpRow& row, int32_t n) {
  WarpBlock block;
  alignas(64) uint32_t a[kWarpBlock], b[kWarpBlock], c[kWarpBlock], d[kWarpBlock], pixels[kWarpBlock];
  alignas(64) uint32_t doubts[kWarpBlock];
  for (int32_t begin = 0; begin < n; begin += kWarpBlock) {
    place_block(block, row, begin);
    for (int32_t k = 0; k < kWarpBlock; ++k) {
      const uint32_t* const from = row.source + block.offset[k];
      uint64_t above, below;
      memcpy(&above, from, sizeof(above));
      memcpy(&below, from + row.pitch, sizeof(below));
      a[k] = static_cast<uint32_t>(above);
      b[k] = static_cast<uint32_t>(above >> 32);
      c[k] = static_cast<uint32_t>(below);
      d[k] = static_cast<uint32_t>(below >> 32);
    }
    uint32_t doubt = 0;
    for (int32_t k = 0; k < kWarpBlock; ++k) {
      const uint32_t different = (a[k] ^ b[k]) | (c[k] ^ d[k]) | (a[k] ^ c[k]);
      const float x = block.x[k], y = block.y[k];
      uint32_t pixel = 0, doubtful = 0;
      for (int color = 0; color < 3; ++color) {
        const int32_t p = level_of(a[k], color), q = level_of(b[k], color);
        const int32_t r = level_of(c[k], color), s = level_of(d[k], color);
        const float upper = static_cast<float>(p) + static_cast<float>(q - p) * x;
        const float lower = static_cast<float>(r) + static_cast<float>(s - r) * x;
        const float level = upper + (lower - upper) * y;
        const int32_t whole = static_cast<int32_t>(level);
        pixel |= static_cast<uint32_t>(whole) << (8 * color);
        doubtful |= near_integer(level, whole, kLinearBound) ? different & (0xffu << (8 * color)) : 0u;
      }
      pixels[k] = (pixel & ~block.outside[k]) | (row.fill & block.outside[k]);
      doubts[k] = doubtful & ~block.outside[k];
      doubt |= doubts[k];
    }
    const int32_t count = n - begin < kWarpBlock ? n - begin : static_cast<int32_t>(kWarpBlock);
    if (doubt != 0) {
      for (int32_t k = 0; k < count; ++k) {
        if (doubts[k] != 0) pixels[k] = linear_pixel(row, begin + k);
      }
    }
    memcpy(out + begin, pixels, count * sizeof(uint32_t));
  }
}

inline uint32_t cubic_pixel(const WarpRow& row, int32_t k) {
  const WarpPoint point = warp_point(row, k);
  const uint32_t* const first = row.source + point.offset - row.pitch - 1;
  uint32_t pixel = 0;
  for (int color = 0; color < 3; ++color) {
    double rows[4];
    for (int j = 0; j < 4; ++j) {
      const uint32_t* const from = first + j * row.pitch;
      rows[j] = cubic(exact_level(from[0], color), exact_level(from[1], color), exact_level(from[2], color),
                      exact_level(from[3], color), point.x);
    }
    pixel |= static_cast<uint32_t>(clamp_level(cubic(rows[0], rows[1], rows[2], rows[3], point.y))) << (8 * color);
  }
  return pixel;
}

// Four packed pixels of a row, as bytes and as floats.
using TapBytes = uint8_t __attribute__((vector_size(16)));
using TapFloats = float __attribute__((vector_size(64)));
using PixelFloats = float __attribute__((vector_size(16)));

// Weights err by less than 2^-23 each, so a row errs by less than 2^-12 and the sum of rows by less than 2^-10.
constexpr float kCubicBound = 0x1p-10f;

void cubic_warp(uint32_t* out, const WarpRow& row, int32_t n) {
  WarpBlock block;
  alignas(64) float wx[kWarpBlock][4], wy[kWarpBlock][4];
  alignas(64) float levels[kWarpBlock][4];
  alignas(64) uint32_t different[kWarpBlock], pixels[kWarpBlock], doubts[kWarpBlock];
  for (int32_t begin = 0; begin < n; begin += kWarpBlock) {
    place_block(block, row, begin);
    for (int32_t k = 0; k < kWarpBlock; ++k) {
      cubic_weights(block.x[k], wx[k][0], wx[k][1], wx[k][2], wx[k][3]);
      cubic_weights(block.y[k], wy[k][0], wy[k][1], wy[k][2], wy[k][3]);
    }
    for (int32_t k = 0; k < kWarpBlock; ++k) {
      const uint32_t* const first = row.source + block.offset[k] - row.pitch - 1;
      TapFloats sum = {};
      TapBytes taps[4];
      for (int j = 0; j < 4; ++j) {
        memcpy(&taps[j], first + j * row.pitch, sizeof(TapBytes));
        sum += __builtin_convertvector(taps[j], TapFloats) * wy[k][j];
      }
      PixelFloats weights;
      memcpy(&weights, wx[k], sizeof(weights));
      sum *= __builtin_shufflevector(weights, weights, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
      const PixelFloats level =
          __builtin_shufflevector(sum, sum, 0, 1, 2, 3) + __builtin_shufflevector(sum, sum, 4, 5, 6, 7) +
          __builtin_shufflevector(sum, sum, 8, 9, 10, 11) + __builtin_shufflevector(sum, sum, 12, 13, 14, 15);
      memcpy(levels[k], &level, sizeof(level));
      // Where a channel differs from the first tap.
      const TapBytes center = __builtin_shufflevector(taps[0], taps[0], 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
      const TapBytes apart = (taps[0] ^ center) | (taps[1] ^ center) | (taps[2] ^ center) | (taps[3] ^ center);
      uint64_t halves[2];
      memcpy(halves, &apart, sizeof(halves));
      const uint64_t half = halves[0] | halves[1];
      different[k] = static_cast<uint32_t>(half | half >> 32);
    }
    uint32_t doubt = 0;
    for (int32_t k = 0; k < kWarpBlock; ++k) {
      const uint32_t center = row.source[block.offset[k]];
      uint32_t pixel = 0, doubtful = 0;
      for (int color = 0; color < 3; ++color) {
        float level = levels[k][color];
        level = level < 0.25f ? 0.25f : level;  // whatever truncates to 0
        level = level > 255.25f ? 255.25f : level;
        const int32_t whole = static_cast<int32_t>(level);
        const uint32_t bits = 0xffu << (8 * color);
        const bool flat = (different[k] & bits) == 0;
        pixel |= flat ? center & bits : static_cast<uint32_t>(whole) << (8 * color);
        doubtful |= near_integer(level, whole, kCubicBound) ? different[k] & bits : 0u;
      }
      pixels[k] = (pixel & ~block.outside[k]) | (row.fill & block.outside[k]);
      doubts[k] = doubtful & ~block.outside[k];
      doubt |= doubts[k];
    }
    const int32_t count = n - begin < kWarpBlock ? n - begin : static_cast<int32_t>(kWarpBlock);
    if (doubt != 0) {
      for (int32_t k = 0; k < count; ++k) {
        if (doubts[k] != 0) pixels[k] = cubic_pixel(row, begin + k);
      }
    }
    memcpy(out + begin, pixels, count * sizeof(uint32_t));
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
