// The taps of the resampling filters: the source pixels of an output pixel and their coefficients. Computed in float64
// with Pillow's operations in Pillow's order, so both agree to the last bit of a float32.
#pragma once

#include <cstdint>
#include <vector>

#include "base/host_device.h"
#include "resample_mix/resample_mix.h"

namespace fastmix {

// Sums over taps run in ascending order and round each product and each sum. Longer sums consist of partial sums of
// this many taps, which are then added: one sum of 8,000 taps would lose 2e-3 grey levels.
constexpr int32_t kTapsPerSum = 64;

FM_HD double filter_reach(Filter filter) { return filter == Filter::kCubic ? 2.0 : 1.0; }

FM_HD double filter_value(Filter filter, double x) {
  if (x < 0.0) x = -x;
  if (filter == Filter::kTriangle) return x < 1.0 ? 1.0 - x : 0.0;
  constexpr double a = -0.5;
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

// One axis of one sample: resample_axis maps `extent` of `size` pixels, from `begin` on, to `outputs` pixels.
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

// Source pixels first ... first + count - 1. Tap t has coefficient filter((t + offset) * inverse) * normalizer.
struct TapSpan {
  int32_t first, count;
  double offset, normalizer;
};

FM_HD double raw_coefficient(const ResampleAxis& axis, const TapSpan& span, int32_t tap) {
  return filter_value(axis.filter, (tap + span.offset) * axis.inverse);
}

FM_HD float tap_coefficient(const ResampleAxis& axis, const TapSpan& span, int32_t tap) {
  if (axis.filter == Filter::kNearest) return 1.0f;
  return static_cast<float>(raw_coefficient(axis, span, tap) * span.normalizer);
}

FM_HD TapSpan tap_span(const ResampleAxis& axis, int32_t output) {
  const double center = axis.begin + (output + 0.5) * axis.scale;
  if (axis.filter == Filter::kNearest) {
    const int32_t at = static_cast<int32_t>(center);
    return {at < axis.size ? at : axis.size - 1, 1, 0.0, 1.0};
  }
  const int32_t low = static_cast<int32_t>(center - axis.reach + 0.5);
  const int32_t high = static_cast<int32_t>(center + axis.reach + 0.5);
  TapSpan span;
  span.first = low < 0 ? 0 : low;
  span.count = (high > axis.size ? axis.size : high) - span.first;
  span.offset = span.first - center + 0.5;
  double sum = 0.0;
  for (int32_t tap = 0; tap < span.count; ++tap) sum += raw_coefficient(axis, span, tap);
  span.normalizer = 1.0 / sum;
  return span;
}

// The taps of all outputs of an axis. If all have up to kPaddedTaps taps, they are padded with zeros to one length, so
// that inner loops can be unrolled. Adding 0 changes no bit.
struct Taps {
  static constexpr int32_t kPaddedTaps = 8;
  int32_t length = 0;  // coefficients per output, used or not
  bool padded = false;
  std::vector<int32_t> first, count;
  std::vector<float> coefficients;
};
Taps make_taps(const ResampleAxis& axis, int32_t outputs);

}  // namespace fastmix
