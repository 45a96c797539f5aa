// Rows of warps. Part of augment_kernels_inl.h.
#pragma once

#include <cstdint>

#include "augment/pixel_math.h"

namespace fastmix {
namespace FM_ISA {
namespace {

bool row_points(int32_t* __restrict first, double* __restrict t, double slope, double offset, int64_t n) {
  const int32_t shift = floor_of(0.5 + slope + offset - 0.5);
  int32_t different = 0;
  for (int32_t k = 0; k < static_cast<int32_t>(n); ++k) {
    const double left = static_cast<double>(k) + 0.5 + slope + offset - 0.5;
    const int32_t pixel = floor_of(left);
    first[k] = pixel;
    t[k] = left - static_cast<double>(pixel);
    different |= pixel - k - shift;
  }
  return different == 0;
}

void linear_row(uint8_t* __restrict out, const uint8_t* __restrict in, const double* __restrict t, int64_t n) {
  for (int64_t k = 0; k < n; ++k) {
    const double level = linear(static_cast<double>(in[k]), static_cast<double>(in[k + 1]), t[k]);
    out[k] = static_cast<uint8_t>(static_cast<int32_t>(level));
  }
}

void cubic_row(uint8_t* __restrict out, const uint8_t* __restrict in, const double* __restrict t, int64_t n) {
  for (int64_t k = 0; k < n; ++k) {
    const double level = cubic(static_cast<double>(in[k - 1]), static_cast<double>(in[k]),
                               static_cast<double>(in[k + 1]), static_cast<double>(in[k + 2]), t[k]);
    out[k] = static_cast<uint8_t>(clamp_level(level));
  }
}

void nearest_warp(uint32_t* __restrict out, const uint32_t* __restrict source, int32_t height, int32_t width, int32_t x,
                  int32_t y, int32_t step_x, int32_t step_y, uint32_t fill, int64_t n) {
  for (int64_t k = 0; k < n; ++k) {
    const int32_t column = (x + static_cast<int32_t>(k) * step_x) >> 16;
    const int32_t row = (y + static_cast<int32_t>(k) * step_y) >> 16;
    const bool inside = (column >= 0) & (column < width) & (row >= 0) & (row < height);
    const uint32_t pixel = source[inside ? row * width + column : 0];
    out[k] = inside ? pixel : fill;
  }
}

// Where an output pixel lies in the source.
struct WarpPoint {
  bool inside;
  int32_t offset;  // of the pixel up and left of it, in `source`
  double x, y;     // from that pixel's centre
};

inline __attribute__((always_inline)) WarpPoint warp_point(const WarpRow& row, int64_t k) {
  const double x = static_cast<double>(static_cast<int32_t>(k)) + 0.5;
  const double column = row.m[0] * x + row.m[1] * row.y + row.m[2];
  const double line = row.m[3] * x + row.m[4] * row.y + row.m[5];
  const bool inside = (column >= 0.0) & (column < static_cast<double>(row.width)) & (line >= 0.0) &
                      (line < static_cast<double>(row.height));
  const double left = column - 0.5, top = line - 0.5;
  const int32_t i = floor_of(left), j = floor_of(top);
  const int32_t offset = (j + row.frame) * static_cast<int32_t>(row.pitch) + i + row.frame;
  return {inside, inside ? offset : 0, left - static_cast<double>(i), top - static_cast<double>(j)};
}

inline __attribute__((always_inline)) double channel(uint32_t pixel, int c) {
  return static_cast<double>(static_cast<int32_t>((pixel >> (8 * c)) & 0xff));
}

void linear_warp(uint32_t* __restrict out, const WarpRow& row, int64_t n) {
  const uint32_t* __restrict const above = row.source;
  const uint32_t* __restrict const below = row.source + row.pitch;
  const WarpRow at = row;
  for (int64_t k = 0; k < n; ++k) {
    const WarpPoint point = warp_point(at, k);
    const uint32_t a = above[point.offset], b = above[point.offset + 1];
    const uint32_t c = below[point.offset], d = below[point.offset + 1];
    uint32_t pixel = 0;
    for (int color = 0; color < 3; ++color) {
      const double upper = linear(channel(a, color), channel(b, color), point.x);
      const double lower = linear(channel(c, color), channel(d, color), point.x);
      pixel |= static_cast<uint32_t>(static_cast<int32_t>(linear(upper, lower, point.y))) << (8 * color);
    }
    out[k] = point.inside ? pixel : at.fill;
  }
}

void cubic_warp(uint32_t* __restrict out, const WarpRow& row, int64_t n) {
  const WarpRow at = row;
  for (int64_t k = 0; k < n; ++k) {
    const WarpPoint point = warp_point(at, k);
    uint32_t pixel = at.fill;
    if (point.inside) {
      const uint32_t* const first = at.source + point.offset - at.pitch - 1;
      pixel = 0;
      for (int color = 0; color < 3; ++color) {
        double rows[4];
        for (int j = 0; j < 4; ++j) {
          const uint32_t* const from = first + j * at.pitch;
          rows[j] = cubic(channel(from[0], color), channel(from[1], color), channel(from[2], color),
                          channel(from[3], color), point.x);
        }
        const double level = cubic(rows[0], rows[1], rows[2], rows[3], point.y);
        pixel |= static_cast<uint32_t>(clamp_level(level)) << (8 * color);
      }
    }
    out[k] = pixel;
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
