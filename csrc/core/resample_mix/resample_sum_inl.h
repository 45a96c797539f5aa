// The weighted sum over taps, the same in both passes. Part of resample_kernels_inl.h.
#pragma once

#include "resample_mix/filter_weights.h"
#include "resample_mix/resample_vectors_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

// The sum over taps, kTaps of them or, if kTaps is 0, `count` in partial sums; value(t) is vector t.
template <int kTaps, typename Value>
FM_INLINE Vector weighted_sum(const float* weights, int32_t count, const Value& value) {
  if constexpr (kTaps > 0) {
    Vector sum = weights[0] * value(0);
#pragma GCC unroll 8
    for (int t = 1; t < kTaps; ++t) sum += weights[t] * value(t);
    return sum;
  } else {
    Vector total{};
    for (int32_t begin = 0; begin < count; begin += kTapsPerSum) {
      const int32_t end = count < begin + kTapsPerSum ? count : begin + kTapsPerSum;
      Vector sum = weights[begin] * value(begin);
      for (int32_t t = begin + 1; t < end; ++t) sum += weights[t] * value(t);
      total += sum;
    }
    return total;
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
