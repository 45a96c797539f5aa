// Interpolation of warps, for host and device. Pillow computes a level in float64 and truncates it. The kernels compute
// it in float32, with an error below a bound. If the result is nearer to an integer than the bound, truncation might
// give another level: then the kernels compute the pixel again, with the float64 functions of this file.
#pragma once

#include <cstdint>

#include "augment/pixel_math.h"
#include "base/dtype.h"
#include "base/host_device.h"

namespace fastmix {

// Pixels are packed: R | G << 8 | B << 16.
FM_HD int32_t level_of(uint32_t pixel, int color) { return static_cast<int32_t>((pixel >> (8 * color)) & 0xff); }
FM_HD double exact_level(uint32_t pixel, int color) { return static_cast<double>(level_of(pixel, color)); }

// Whether an error of `bound` in `level` may change `whole`, which is `level` truncated.
FM_HD bool near_integer(float level, int32_t whole, float bound) {
  const float part = bit_cast<float>(bit_cast<int32_t>(level - static_cast<float>(whole)) & 0x7fffffff);  // fabs
  return (part < bound) | (part > 1.0f - bound);
}

FM_HD int32_t clamp_whole(int32_t whole) {
  whole = whole < 0 ? 0 : whole;
  return whole > 255 ? 255 : whole;
}

// Weights of cubic convolution (Keys, a = -1) for samples at -1, 0, 1, 2 and a point at t.
FM_HD void cubic_weights(float t, float& a, float& b, float& c, float& d) {
  a = t * (-1.0f + t * (2.0f - t));
  b = 1.0f + t * t * (t - 2.0f);
  c = t * (1.0f + t * (1.0f - t));
  d = t * t * (t - 1.0f);
}

// Bounds on the error of a float32 level. Rounding a distance t to float32 moves t by at most 2^-25. This changes the
// level interpolated along one row by at most 2^-17 (linear) or 2^-15 (cubic).
// Linear: all roundings together change a level by at most 13 * 2^-17. Four equal neighbours give an exact level.
// Cubic: the error of a weight is below 2^-23. So the error along one row is below 2^-12, and that of the sum of four
// rows is below 2^-10.
constexpr float kLinearBound = 0x1p-13f;
constexpr float kCubicBound = 0x1p-10f;

// Where an output pixel lies in the source.
struct WarpPoint {
  bool inside;
  int32_t column, row;  // the top left of the four source pixels around the point
  double x, y;          // distances of the point from that pixel's centre, in [0, 1)
};

// Maps output pixel k of a row to the source, with Pillow's float64 operations. The row's centre is at `y`; m is
// Matrix::m.
FM_HD WarpPoint warp_point(const double* m, double y, int32_t k, int32_t height, int32_t width) {
  const double x = static_cast<double>(k) + 0.5;
  const double column = m[0] * x + m[1] * y + m[2];
  const double line = m[3] * x + m[4] * y + m[5];
  const bool inside =
      (column >= 0.0) & (column < static_cast<double>(width)) & (line >= 0.0) & (line < static_cast<double>(height));
  const double left = column - 0.5, top = line - 0.5;
  const int32_t i = floor_of(left), j = floor_of(top);
  return {inside, i, j, left - static_cast<double>(i), top - static_cast<double>(j)};
}

// Interpolates between four neighbours: a and b above, c and d below.
FM_HD uint32_t linear_pixel(uint32_t a, uint32_t b, uint32_t c, uint32_t d, double x, double y) {
  uint32_t pixel = 0;
  for (int color = 0; color < 3; ++color) {
    const double upper = linear(exact_level(a, color), exact_level(b, color), x);
    const double lower = linear(exact_level(c, color), exact_level(d, color), x);
    pixel |= static_cast<uint32_t>(static_cast<int32_t>(linear(upper, lower, y))) << (8 * color);
  }
  return pixel;
}

// Interpolates one row of four neighbours, in one channel.
FM_HD double cubic_row_level(uint32_t a, uint32_t b, uint32_t c, uint32_t d, int color, double x) {
  return cubic(exact_level(a, color), exact_level(b, color), exact_level(c, color), exact_level(d, color), x);
}

}  // namespace fastmix
