// The horizontal pass: turns source columns into output columns. Part of resample_kernels_inl.h.
#pragma once

#include "resample_mix/resample_kernels.h"
#include "resample_mix/resample_sum_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

FM_INLINE Vector clamp_to_pixel(Vector v) {
  const Vector zero{};
  const Vector most = splat(255.0f);
  v = v > zero ? v : zero;
  return v < most ? v : most;
}

template <int kTaps, int kChannels>
void horizontal_taps(float* out, const float* columns, int32_t origin, const ColumnTaps& taps, int32_t n,
                     const BandStep& step) {
  constexpr int64_t kPixel = int64_t{kChannels} * kRows;
  for (int32_t o = 0; o < n; ++o, out += step.pixel) {
    const float* coefficients = taps.coefficients + static_cast<int64_t>(o) * taps.length;
    const float* first = columns + (taps.first[o] - origin) * kPixel;
#pragma GCC unroll 4
    for (int c = 0; c < kChannels; ++c) {
      store(out + c * step.channel, clamp_to_pixel(tap_sum<kTaps>(coefficients, taps.count[o], [&](int32_t t) {
              return load(first + t * kPixel + c * kRows);
            })));
    }
  }
}

template <int kChannels>
void horizontal_channels(float* out, const float* columns, int32_t origin, const ColumnTaps& taps, int32_t n,
                         const BandStep& step) {
  switch (taps.padded ? taps.length : 0) {
    case 1:
      return horizontal_taps<1, kChannels>(out, columns, origin, taps, n, step);
    case 2:
      return horizontal_taps<2, kChannels>(out, columns, origin, taps, n, step);
    case 3:
      return horizontal_taps<3, kChannels>(out, columns, origin, taps, n, step);
    case 4:
      return horizontal_taps<4, kChannels>(out, columns, origin, taps, n, step);
    case 5:
      return horizontal_taps<5, kChannels>(out, columns, origin, taps, n, step);
    case 6:
      return horizontal_taps<6, kChannels>(out, columns, origin, taps, n, step);
    default:
      return horizontal_taps<0, kChannels>(out, columns, origin, taps, n, step);
  }
}

void horizontal(float* out, const float* columns, int32_t origin, const ColumnTaps& taps, int32_t n, int32_t channels,
                const BandStep& step) {
  switch (channels) {
    case 1:
      return horizontal_channels<1>(out, columns, origin, taps, n, step);
    case 2:
      return horizontal_channels<2>(out, columns, origin, taps, n, step);
    case 3:
      return horizontal_channels<3>(out, columns, origin, taps, n, step);
    default:
      return horizontal_channels<4>(out, columns, origin, taps, n, step);
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
