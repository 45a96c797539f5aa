// Weighted sums as if in float64, without float64: consumer GPUs run it at 1/32 or 1/64 of the rate of float32.
//
// What is wanted: f, the sum of weight[k] * x[k] in float64, in order, each product and each sum rounded; then f
// rounded once to the type of x. Both ways below find numbers low <= f <= high. Rounding keeps order, so if both round
// to the same value, so does f. Else the caller computes f.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/host_device.h"
#include "formula/mix_math.h"

namespace fastmix {

// Whether float32 is summed without float64. GPUs with many float64 units need the instructions for other things.
#if defined(__CUDA_ARCH__)
constexpr bool kSlowFloat64 = __CUDA_ARCH__ != 800 && __CUDA_ARCH__ != 900 && __CUDA_ARCH__ != 1000;
#else
constexpr bool kSlowFloat64 = true;
#endif

// ---- 16-bit floats and bytes: an interval in float32 ----------------------------------------------------------

// A weight in float64 lies between these.
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
// Of 1 - weight in float64: both round the same difference.
FM_HD WeightBounds bounds_of_rest(float weight) {
  return {fused_down(-1.0f, weight, 1.0f), fused_up(-1.0f, weight, 1.0f)};
}

// Both bounds start at 0. They hold after each term: float64 has the product of a bound and x, and the sum's bound is a
// float64 too, so that rounding weight * x and the sum to float64 passes neither. With float weights that x times is
// exact and few terms the bounds often coincide, as for ties.
struct SumBounds {
  float low = 0.0f, high = 0.0f;

  // For x >= 0, or bounds that are equal.
  FM_HD void add_positive(const WeightBounds& weight, float x) {
    low = fused_down(weight.low, x, low);
    high = fused_up(weight.high, x, high);
  }
  FM_HD void add(const WeightBounds& weight, float x) {
    const bool negative = x < 0.0f;
    low = fused_down(negative ? weight.high : weight.low, x, low);
    high = fused_up(negative ? weight.low : weight.high, x, high);
  }
  // f starts at +0 and is never -0. A lower bound of -0 comes from rounding an exact zero down.
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
// Of 1 - weight. From 1/2 on the rest is exact; below, 1 - high is.
FM_HD SplitWeight split_rest(float weight) {
  const float high = 1.0f - weight;
  return {high, (1.0f - high) - weight};
}

// sum + tail is the sum of n terms but for an error. With u = 2^-24 and M the sum of |weight * x|:
//  - f: (n + 1) / 2 u^2 M at most, since each operation errs by 2^-53 of what is at most M;
//  - a product: high * x = product + error exactly, |error| <= u |product|, and |low * x| <= u |product|, so `small`
//  errs by
//    2 u^2 of it, and `low` itself by u^2 of the weight: together 3 u^2 M over all terms;
//  - the sum: two-sum gives the exact `lost`, at most u M. lost + small is at most 3 u M and errs by 3 u^2 M, n times;
//    `tail` after k terms is at most 3 k u M and errs by 3 k u^2 M: together (3 n + 3 n (n + 1) / 2) u^2 M;
//  - tail +- allowed: 3 n u^2 M and a little.
// Together less than 13 n^2 u^2 M for one term and 7 n^2 u^2 M for more. `allowed` is 16 n^2 u^2 M. Products below
// 2^-100 may lose more, which `allowed` covers from M = 2^-60 on.
//
// If all `small` and `low` of two terms are 0, sum + tail is exact: `sum` is its nearest float, a tie included. f is
// the same, since float64 holds all sum + tail that lie near the middle of two floats.
struct FloatSum {
  float sum = 0.0f, tail = 0.0f, magnitude = 0.0f;
  uint32_t inexact = 0, some = 0;  // +-0 if all `small` and `low` were, and if all x were

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

  // Sets `rounded` and returns true, or returns false if f has to be computed. `terms`: how many were added.
  FM_HD bool round(float terms, float* rounded) const {
    const bool exact = (inexact << 1) == 0 && terms <= 2.0f;
    const float allowed = exact ? 0.0f : 0x1p-44f * terms * terms;
    const float low = sum + fused(-allowed, magnitude, tail);
    const float high = sum + fused(allowed, magnitude, tail);
    *rounded = low;
    // Not so for NaN.
    if (low == high && magnitude >= 0x1p-60f) return true;
    if ((some << 1) != 0) return false;
    *rounded = 0.0f;
    return true;
  }
};

// mix_element for 0 < weight < 1 where FloatSum settles it; returns false if not.
FM_HD bool mix_floats(float own, float partner, float weight, float* mixed) {
  FloatSum sum;
  sum.add({weight, 0.0f}, own);
  sum.add(split_rest(weight), partner);
  const bool settled = sum.round(2.0f, mixed);
  // blend() of two -0 is -0.
  if ((sum.some << 1) == 0) *mixed = bit_cast<float>(bit_cast<uint32_t>(own) & bit_cast<uint32_t>(partner));
  return settled;
}

}  // namespace fastmix
