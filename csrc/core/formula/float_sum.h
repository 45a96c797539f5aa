// Weighted sums as if in float64, without float64: consumer GPUs run float64 at 1/32 or 1/64 of the rate of float32.
//
// Let f be the sum of weight[k] * x[k] in float64, in order, with each product and each sum rounded. The result is f,
// rounded once to the type of x. Both ways below find numbers low <= f <= high. Rounding keeps order: if low and high
// round to the same value, f rounds to it too. Otherwise the caller computes f in float64.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/host_device.h"
#include "formula/mix_math.h"

namespace fastmix {

// Whether float32 is summed without float64. sm_80, sm_90 and sm_100 have many float64 units, and float64 takes fewer
// instructions.
#if defined(__CUDA_ARCH__)
constexpr bool kSlowFloat64 = __CUDA_ARCH__ != 800 && __CUDA_ARCH__ != 900 && __CUDA_ARCH__ != 1000;
#else
constexpr bool kSlowFloat64 = true;
#endif

// ---- 16-bit floats and bytes: an interval in float32 ----------------------------------------------------------

// float32 bounds of a float64 weight.
struct WeightBounds {
  float low, high;
};

FM_HD WeightBounds bounds_of(double weight) {
#if defined(__CUDA_ARCH__)
  return {__double2float_rd(weight), __double2float_ru(weight)};
#else
  const float nearest = static_cast<float>(weight);
  return {nearest > weight ? std::nextafter(nearest, -HUGE_VALF) : nearest,
          nearest < weight ? std::nextafter(nearest, HUGE_VALF) : nearest};
#endif
}
// The bounds of 1 - weight in float64. Both float64 and the bounds round the same exact difference.
FM_HD WeightBounds bounds_of_rest(float weight) {
  return {fused_down(-1.0f, weight, 1.0f), fused_up(-1.0f, weight, 1.0f)};
}

// Bounds of the sum so far, both 0 at first. Each term keeps them valid: float64 holds the product of x and a bound of
// the weight, and a bound of the sum, exactly. So rounding weight * x and the sum to float64 does not pass a bound. If
// products are exact and terms are few, low and high are often equal, also for ties.
struct SumBounds {
  float low = 0.0f, high = 0.0f;

  // Adds a term with x >= 0, or with equal bounds of its weight.
  FM_HD void add_positive(const WeightBounds& weight, float x) {
    low = fused_down(weight.low, x, low);
    high = fused_up(weight.high, x, high);
  }
  FM_HD void add(const WeightBounds& weight, float x) {
    const bool negative = x < 0.0f;
    low = fused_down(negative ? weight.high : weight.low, x, low);
    high = fused_up(negative ? weight.low : weight.high, x, high);
  }
  // f starts at +0 and is never -0. Rounding an exact zero down gives a bound of -0, so this returns +0 for it.
  FM_HD float lowest() const { return low + 0.0f; }
};

// ---- float32: two floats for the sum --------------------------------------------------------------------------

// A weight as a sum of two floats.
struct SplitWeight {
  float high, low;
};

FM_HD SplitWeight split(double weight) {
  const float high = static_cast<float>(weight);
  return {high, static_cast<float>(weight - high)};
}
// Splits 1 - weight. If weight >= 1/2, high is exact and low is 0. If weight < 1/2, 1 - high is exact.
FM_HD SplitWeight split_rest(float weight) {
  const float high = 1.0f - weight;
  return {high, (1.0f - high) - weight};
}

// sum + tail is near f, the sum of n terms. Let u = 2^-24 and M the sum of |weight * x|. The difference has four parts:
//  - in f, at most (n + 1) / 2 u^2 M: each operation errs by 2^-53 of a value that is at most M;
//  - in the products, at most 3 u^2 M over all terms: high * x = product + error exactly, |error| <= u |product| and
//    |low * x| <= u |product|, so `small` errs by 2 u^2 |product|; `low` itself errs by u^2 of the weight;
//  - in the sums, at most (3 n + 3 n (n + 1) / 2) u^2 M: two-sum gives the exact `lost`, at most u M; lost + small is
//    at most 3 u M and errs by 3 u^2 M, n times; `tail` after k terms is at most 3 k u M and errs by 3 k u^2 M;
//  - in tail +- allowed, a little more than 3 n u^2 M.
// The total is less than 13 n^2 u^2 M for one term and 7 n^2 u^2 M for more. `allowed` is 16 n^2 u^2 M. Products below
// 2^-100 may lose more; `allowed` covers that if M >= 2^-60.
//
// If there are at most two terms and all their `small` and `low` are 0, sum + tail is exact and `sum` is its nearest
// float, also for a tie. f rounds to the same float: float64 holds every sum + tail near the middle of two floats.
struct FloatSum {
  float sum = 0.0f, tail = 0.0f, magnitude = 0.0f;
  uint32_t inexact = 0, some = 0;  // bitwise or of all `small` and `low`; bitwise or of all x

  FM_HD void add(const SplitWeight& weight, float x) {
    const float product = weight.high * x;
    const float small = fused(weight.low, x, fused(weight.high, x, -product));
    const float next = sum + product;
    const float added = next - sum;
    const float lost = (sum - (next - added)) + (product - added);
    sum = next;
    tail = tail + (lost + small);
    magnitude = magnitude + (product < 0.0f ? -product : product);
    inexact |= bit_cast<uint32_t>(small) | bit_cast<uint32_t>(weight.low);
    some |= bit_cast<uint32_t>(x);
  }

  // Sets `rounded` and returns true, or returns false if f must be computed in float64. `terms`: how many were added.
  FM_HD bool round(float terms, float* rounded) const {
    const bool exact = (inexact << 1) == 0 && terms <= 2.0f;
    const float allowed = exact ? 0.0f : 0x1p-44f * terms * terms;
    const float low = sum + fused(-allowed, magnitude, tail);
    const float high = sum + fused(allowed, magnitude, tail);
    *rounded = low;
    // NaN fails this comparison.
    if (low == high && magnitude >= 0x1p-60f) return true;
    if ((some << 1) != 0) return false;  // else all x are 0, and so is the sum
    *rounded = 0.0f;
    return true;
  }
};

// mix_element for 0 < weight < 1. Returns false if FloatSum cannot tell how the result rounds.
FM_HD bool mix_floats(float own, float partner, float weight, float* mixed) {
  FloatSum sum;
  sum.add({weight, 0.0f}, own);
  sum.add(split_rest(weight), partner);
  const bool settled = sum.round(2.0f, mixed);
  // Both are zeros: blend() gives -0 only if both are -0.
  if ((sum.some << 1) == 0) *mixed = bit_cast<float>(bit_cast<uint32_t>(own) & bit_cast<uint32_t>(partner));
  return settled;
}

}  // namespace fastmix
