// The sum over an output's taps (weighted source pixels), for both passes. Part of resample_kernels_inl.h.
#pragma once

#include "resample/filter_taps.h"
#include "resample/vectors_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

// Sums coefficients[t] * value(t) over kTaps taps or, if kTaps is 0, over `count` taps in partial sums of kTapsPerSum.
template <int kTaps, typename Value>
FM_INLINE Vector tap_sum(const float* coefficients, int32_t count, const Value& value) {
  if constexpr (kTaps > 0) {
    Vector sum = coefficients[0] * value(0);
#pragma GCC unroll 8
    for (int t = 1; t < kTaps; ++t) sum += coefficients[t] * value(t);
    return sum;
  } else {
    Vector total{};
    for (int32_t begin = 0; begin < count; begin += kTapsPerSum) {
      const int32_t end = count < begin + kTapsPerSum ? count : begin + kTapsPerSum;
      Vector sum = coefficients[begin] * value(begin);
      for (int32_t t = begin + 1; t < end; ++t) sum += coefficients[t] * value(t);
      total += sum;
    }
    return total;
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
