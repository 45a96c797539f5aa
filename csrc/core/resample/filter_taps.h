// The taps of the resampling filters: the source pixels of an output pixel and their coefficients. Computed in float64
// with Pillow's operations in Pillow's order.
#pragma once

#include <cstdint>
#include <vector>

#include "base/host_device.h"
#include "resample/source.h"

namespace fastmix {

// Float32 sums over taps add in ascending order and round each product and each sum. A sum of more than this many taps
// is split into partial sums of this many, because one sum of 8,000 taps would err by 2e-3 grey levels.
constexpr int32_t kTapsPerSum = 64;

// Pillow's fixed-point coefficients of 8-bit images have this many fraction bits.
constexpr int kFixedBits = 22;

FM_HD double filter_reach(Filter filter) {
  switch (filter) {
    case Filter::kLanczos:
      return 3.0;
    case Filter::kBicubic:
      return 2.0;
    case Filter::kBox:
      return 0.5;
    default:
      return 1.0;
  }
}

// sinc(x) sinc(x / 3) for 0 <= x < 3, with the same bits on every processor and on GPUs. With s = sin(pi x / 3), it
// uses sin(pi x) = 3 s - 4 s^3. The error is below 1e-15.
FM_HD double lanczos_value(double x) {
  constexpr double kPi = 3.14159265358979323846;
  if (x == 0.0) return 1.0;
  const double third = x / 3.0;
  const double y = kPi * (third > 0.5 ? 1.0 - third : third);  // sin(pi - y) is sin(y)
  const double q = y * y;
  double series = -1.0 / 25852016738884976640000.0;  // -1 / 23!
  series = series * q + 1.0 / 51090942171709440000.0;
  series = series * q - 1.0 / 121645100408832000.0;
  series = series * q + 1.0 / 355687428096000.0;
  series = series * q - 1.0 / 1307674368000.0;
  series = series * q + 1.0 / 6227020800.0;
  series = series * q - 1.0 / 39916800.0;
  series = series * q + 1.0 / 362880.0;
  series = series * q - 1.0 / 5040.0;
  series = series * q + 1.0 / 120.0;
  series = series * q - 1.0 / 6.0;
  const double sine = y + y * q * series;
  const double square = sine * sine;
  return square * (3.0 - 4.0 * square) / (kPi * kPi / 3.0 * (x * x));
}

FM_HD double filter_value(Filter filter, double x) {
  if (filter == Filter::kBox) return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
  if (x < 0.0) x = -x;
  if (filter == Filter::kBilinear) return x < 1.0 ? 1.0 - x : 0.0;
  if (filter == Filter::kLanczos) return x < 3.0 ? lanczos_value(x) : 0.0;
  constexpr double a = -0.5;
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

// One axis of one sample. The source has `size` pixels; the window begins at `begin`, and an output pixel covers
// `scale` source pixels. The filter reaches `reach` source pixels to each side; `inverse` is 1 / max(scale, 1).
struct ResampleAxis {
  double begin, scale, reach, inverse;
  int32_t size;
  Filter filter;
};

FM_HD ResampleAxis resample_axis(Filter filter, float begin, float extent, int32_t size, int32_t outputs) {
  const double scale = static_cast<double>(extent) / outputs;
  const double stretch = scale < 1.0 ? 1.0 : scale;
  return {begin, scale, filter_reach(filter) * stretch, 1.0 / stretch, size, filter};
}

// Source pixels first ... first + count - 1. Tap t has coefficient raw_coefficient(t) * normalizer.
struct TapSpan {
  int32_t first, count;
  double center, normalizer;
};

FM_HD double raw_coefficient(const ResampleAxis& axis, const TapSpan& span, int32_t tap) {
  return filter_value(axis.filter, (tap + span.first - span.center + 0.5) * axis.inverse);
}

FM_HD float tap_coefficient(const ResampleAxis& axis, const TapSpan& span, int32_t tap) {
  if (axis.filter == Filter::kNearest) return 1.0f;
  return static_cast<float>(raw_coefficient(axis, span, tap) * span.normalizer);
}

FM_HD TapSpan nearest_span(const ResampleAxis& axis, double center) {
  const int32_t at = static_cast<int32_t>(center);
  return {at < axis.size ? at : axis.size - 1, 1, center, 1.0};
}

// The taps around `center`, the centre of an output pixel in source coordinates. The caller sets the normalizer.
FM_HD TapSpan span_around(const ResampleAxis& axis, double center) {
  // A centre beyond the border comes only from rounding errors of the window.
  if (center >= axis.size) center = axis.size - 0.5;
  const int32_t low = static_cast<int32_t>(center - axis.reach + 0.5);
  const int32_t high = static_cast<int32_t>(center + axis.reach + 0.5);
  TapSpan span;
  span.first = low < 0 ? 0 : low;
  span.count = (high > axis.size ? axis.size : high) - span.first;
  span.center = center;
  span.normalizer = 1.0;
  return span;
}

FM_HD TapSpan unnormalized_span(const ResampleAxis& axis, int32_t output) {
  if (axis.filter != Filter::kNearest) return span_around(axis, axis.begin + (output + 0.5) * axis.scale);
  double center = axis.begin + axis.scale * 0.5;
  // Adds the scale repeatedly, as Pillow does. If the centre lies on the border of two source pixels, the rounding
  // errors of this sum decide which of them is read.
  for (int32_t o = 0; o < output; ++o) center += axis.scale;
  return nearest_span(axis, center);
}

// The sum of the raw coefficients, added in ascending order.
FM_HD double sum_of_taps(const ResampleAxis& axis, const TapSpan& span) {
  double sum = 0.0;
  for (int32_t tap = 0; tap < span.count; ++tap) sum += raw_coefficient(axis, span, tap);
  return sum;
}

FM_HD TapSpan tap_span(const ResampleAxis& axis, int32_t output) {
  TapSpan span = unnormalized_span(axis, output);
  if (axis.filter != Filter::kNearest) span.normalizer = 1.0 / sum_of_taps(axis, span);
  return span;
}

// A coefficient in Pillow's fixed point. Divides by the sum, and rounds halves away from zero.
FM_HD int32_t fixed_coefficient(double raw, double sum) {
  const double fixed = raw / sum * (1 << kFixedBits);
  return static_cast<int32_t>(fixed < 0.0 ? fixed - 0.5 : fixed + 0.5);
}

// Turns a fixed-point sum into a pixel value from 0 to 255. The sum must have begun with 1/2, so that the shift rounds
// to nearest.
FM_HD int32_t fixed_level(int32_t sum) {
  const int32_t level = sum >> kFixedBits;
  return level < 0 ? 0 : level > 255 ? 255 : level;
}

// The taps of all outputs of an axis. If no output has more than kPaddedTaps taps, all are padded with zeros to one
// length, so that inner loops can be unrolled. Adding 0 changes no bit.
template <typename Coefficient>
struct TapTable {
  static constexpr int32_t kPaddedTaps = 8;
  int32_t length = 0;  // number of coefficients stored per output
  bool padded = false;
  std::vector<int32_t> first, count;
  std::vector<Coefficient> coefficients;
};

// Coefficients in float32, for results that are not rounded to 8 bits.
using Taps = TapTable<float>;
Taps make_taps(const ResampleAxis& axis, int32_t outputs);

// Coefficients in Pillow's fixed point, for 8-bit results.
using FixedTaps = TapTable<int32_t>;
FixedTaps make_fixed_taps(const ResampleAxis& axis, int32_t outputs);

}  // namespace fastmix
