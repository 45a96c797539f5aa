// Computes weighted sums with the same bits as float64, but mostly in float32: consumer GPUs run float64 at 1/32 or
// 1/64 of the rate of float32.
//
// Let f be the sum of weight[k] * x[k] in float64, in order, with each product and each sum rounded. The wanted result
// is f, rounded once to the type of x. SumBounds and FloatSum below find float32 numbers low <= f <= high. If low and
// high round to the same value of that type, f rounds to it too. Otherwise the caller computes f in float64.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/host_device.h"
#include "formula/mix_math.h"

namespace fastmix {

// Whether kernels sum float32 images with FloatSum. Not on sm_80, sm_90 and sm_100: they have many float64 units, and a
// float64 sum takes fewer instructions than FloatSum.
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
// Bounds of 1 - weight as float64 computes it. float64 rounds the exact 1 - weight to nearest; `low` and `high` are the
// same number rounded down and up to float32. So the float64 value is never below `low` or above `high`.
FM_HD WeightBounds bounds_of_rest(float weight) {
  return {fused_down(-1.0f, weight, 1.0f), fused_up(-1.0f, weight, 1.0f)};
}

// Bounds of the float64 sum of the terms so far. They hold although float64 rounds each product and each sum: rounding
// cannot move a number past a bound that is itself a float64 number. The bounds of the sum are such numbers, since they
// are float32. So are the bounds of a product: x has at most 11 bits and a bound of the weight 24, so float64 holds
// their product. With few terms and exact products, low and high are often equal, which decides even a tie.
struct SumBounds {
  float low = 0.0f, high = 0.0f;

  // Adds weight * x. Needs x >= 0, unless both bounds of the weight are equal. add() takes any x.
  FM_HD void add_positive(const WeightBounds& weight, float x) {
    low = fused_down(weight.low, x, low);
    high = fused_up(weight.high, x, high);
  }
  FM_HD void add(const WeightBounds& weight, float x) {
    const bool negative = x < 0.0f;
    low = fused_down(negative ? weight.high : weight.low, x, low);
    high = fused_up(negative ? weight.low : weight.high, x, high);
  }
  // f starts at +0 and is never -0. But fused_down() rounds an exact zero to -0, and adding +0 turns that into +0.
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
// Splits 1 - weight. If weight >= 1/2, `high` is exact and `low` is 0. Else 1 - high is exact, so only `low` is
// rounded.
FM_HD SplitWeight split_rest(float weight) {
  const float high = 1.0f - weight;
  return {high, (1.0f - high) - weight};
}

// Sums in two floats: sum + tail differs from f by less than `allowed` = 16 n^2 u^2 M. Here n is the number of terms,
// u = 2^-24, and M is the sum of |weight * x|. The difference has four parts:
//
// 1. The roundings in f: at most (n + 1) / 32 u^2 M. Each sum is rounded by at most 2^-53 M = u^2 M / 32. So are all
//    products together.
// 2. The products: at most 3 u^2 M. `small` is the rounded sum of two values: the exact error of `product`, and
//    low * x. Each of the two is at most u |product|, so rounding their sum errs by at most 2 u^2 |product|. `low` is
//    itself rounded, which adds u^2 |product|.
// 3. The sums: at most (3 n + 3 n (n + 1) / 2) u^2 M. `lost` is the exact error of sum + product (two-sum), at most
//    u M. So lost + small is at most 3 u M, and rounding it errs by at most 3 u^2 M, for each of n terms. After k
//    terms, `tail` is at most 3 k u M, so rounding it errs by at most 3 k u^2 M.
// 4. The sum of tail and allowed in round(): a little more than 3 n u^2 M.
//
// Together the four parts stay below 13 n^2 u^2 M for one term and 7 n^2 u^2 M for more. Products below 2^-100 may lose
// more, which `allowed` covers if M >= 2^-60.
//
// `allowed` is 0 if there are at most two terms and their `small` and `low` are all 0. Example: 1/2 * 3 + 1/2 * 5. Then
// sum + tail is exact, and `sum` is the float nearest to it, even at a tie between two floats. f rounds to the same
// float: near a tie, float64 holds sum + tail exactly.
struct FloatSum {
  float sum = 0.0f, tail = 0.0f, magnitude = 0.0f;
  uint32_t inexact = 0;  // bitwise or of the bits of all `small` and `low`
  uint32_t some = 0;     // bitwise or of the bits of all x

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

  // Sets `rounded` and returns true, or returns false if f must be computed in float64. `terms` is the number of terms
  // added.
  FM_HD bool round(float terms, float* rounded) const {
    const bool exact = (inexact << 1) == 0 && terms <= 2.0f;
    const float allowed = exact ? 0.0f : 0x1p-44f * terms * terms;
    const float low = sum + fused(-allowed, magnitude, tail);
    const float high = sum + fused(allowed, magnitude, tail);
    *rounded = low;
    // NaN fails this comparison.
    if (low == high && magnitude >= 0x1p-60f) return true;
    if ((some << 1) != 0) return false;  // else all x are 0, and f is 0
    *rounded = 0.0f;
    return true;
  }
};

// Computes mix_element() for 0 < weight < 1. Returns false if FloatSum cannot tell how the result rounds.
FM_HD bool mix_floats(float own, float partner, float weight, float* mixed) {
  FloatSum sum;
  sum.add({weight, 0.0f}, own);
  sum.add(split_rest(weight), partner);
  const bool settled = sum.round(2.0f, mixed);
  // If both elements are zeros, blend() gives -0 only if both are -0.
  if ((sum.some << 1) == 0) *mixed = bit_cast<float>(bit_cast<uint32_t>(own) & bit_cast<uint32_t>(partner));
  return settled;
}

}  // namespace fastmix
