// The vertical pass: turns bytes of source rows into columns. Part of resample_kernels_inl.h.
#pragma once

#include "resample_mix/resample_kernels.h"
#include "resample_mix/resample_sum_inl.h"
#include "resample_mix/resample_transpose_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

template <int kTaps, typename Load>
FM_INLINE void vertical_block(float* columns, const RowTaps* taps, int64_t stride, int64_t k, const Load& load) {
  Vector v[kRows];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    const uint8_t* const at = taps[r].first + k;
    v[r] = tap_sum<kTaps>(taps[r].coefficients, taps[r].count, [&](int32_t t) { return load(at + t * stride); });
  }
  transpose(v);
#pragma GCC unroll 16
  for (int j = 0; j < kRows; ++j) store(columns + (k + j) * kRows, v[j]);
}

// Computes the last columns, where a whole vector would read beyond the end of the image.
__attribute__((noinline)) void vertical_tail(float* columns, const RowTaps* taps, int64_t stride, int64_t k, int64_t n,
                                             const uint8_t* end) {
  for (; k < n; k += kRows) {
    vertical_block<0>(columns, taps, stride, k, [&](const uint8_t* at) { return load_bytes_before(at, end); });
  }
}

template <int kTaps>
void vertical_taps(float* columns, const RowTaps* taps, int64_t stride, int64_t n, const uint8_t* end) {
  // Vectors may read into the next source row, but not beyond the last one.
  int64_t readable = n + kRows;
  for (int r = 0; r < kRows; ++r) {
    const int64_t bytes = end - taps[r].first - (taps[r].count - 1) * stride;
    readable = bytes < readable ? bytes : readable;
  }
  int64_t k = 0;
  for (; k < n && k + kRows <= readable; k += kRows) {
    vertical_block<kTaps>(columns, taps, stride, k, [](const uint8_t* at) { return load_bytes(at); });
  }
  if (k < n) vertical_tail(columns, taps, stride, k, n, end);
}

void vertical(float* columns, const RowTaps* taps, bool padded, int64_t stride, int64_t n, const uint8_t* end) {
  switch (padded ? taps[0].count : 0) {
    case 1:
      return vertical_taps<1>(columns, taps, stride, n, end);
    case 2:
      return vertical_taps<2>(columns, taps, stride, n, end);
    case 3:
      return vertical_taps<3>(columns, taps, stride, n, end);
    case 4:
      return vertical_taps<4>(columns, taps, stride, n, end);
    case 5:
      return vertical_taps<5>(columns, taps, stride, n, end);
    case 6:
      return vertical_taps<6>(columns, taps, stride, n, end);
    default:
      return vertical_taps<0>(columns, taps, stride, n, end);
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
