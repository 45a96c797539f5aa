// The mixing formulas. The CPU and CUDA kernels share them and give the same bits, because no build lets the compiler
// fuse products and sums (-ffp-contract=off, -fmad=false). fused() fuses them explicitly, with one rounding.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/dtype.h"
#include "base/host_device.h"

namespace fastmix {

// w * own + (1 - w) * partner in float64. Callers round the result once, to the element type.
FM_HD double blend(double own, double partner, double weight) { return weight * own + (1.0 - weight) * partner; }

// Rounds float64 to a float of 14 significant bits by "round to odd" (Boldo and Melquiond, 2008): cuts off the lower
// bits and sets the last kept bit if they were not all zero. Rounding the result to at most 12 bits (float16 has 11,
// bfloat16 8) gives the same as rounding x directly. Rounding to float32 first would round twice.
FM_HD float round_to_odd(double x) {
  constexpr uint64_t kRest = (uint64_t{1} << 39) - 1;
  const uint64_t bits = bit_cast<uint64_t>(x);
  const uint64_t sticky =
      (bits & kRest) + kRest;  // adding kRest carries into the last kept bit unless the rest is zero
  return static_cast<float>(bit_cast<double>((bits | sticky) & ~kRest));
}

FM_HD double widen(uint8_t x) {
#if defined(__CUDA_ARCH__) || defined(FASTMIX_HOST_CUDA)
  // 2^52 + x holds x in its lowest bits. Subtracting 2^52 gives exactly x. GPUs would convert x at only a quarter of
  // this rate.
  return bit_cast<double>(0x4330000000000000ull | x) - 0x1p52;
#else
  return static_cast<double>(x);
#endif
}
FM_HD double widen(Half x) { return static_cast<double>(to_float(x)); }
FM_HD double widen(BFloat16 x) { return static_cast<double>(to_float(x)); }
FM_HD double widen(float x) { return static_cast<double>(x); }
FM_HD double widen(double x) { return x; }

// Rounds float64 to T once, to nearest even.
template <typename T>
FM_HD T narrow(double x);
// Needs 0 <= x <= 255. Adding 2^52 leaves no bits for a fraction: the addition rounds, and the low byte is the value.
template <>
FM_HD uint8_t narrow<uint8_t>(double x) {
  return static_cast<uint8_t>(bit_cast<uint64_t>(x + 0x1p52));
}
template <>
FM_HD Half narrow<Half>(double x) {
  return to_half(round_to_odd(x));
}
template <>
FM_HD BFloat16 narrow<BFloat16>(double x) {
  return to_bfloat16(round_to_odd(x));
}
template <>
FM_HD float narrow<float>(double x) {
  return static_cast<float>(x);
}
template <>
FM_HD double narrow<double>(double x) {
  return x;
}

// Mixes one element. Weights 1 and 0 copy bits, so NaN, infinity and -0 of the unused image do not spread.
template <typename T>
FM_HD T mix_element(T own, T partner, float weight) {
  if (weight == 1.0f) return own;
  if (weight == 0.0f) return partner;
  return narrow<T>(blend(widen(own), widen(partner), static_cast<double>(weight)));
}

// a * b + c, rounded once. For CUDA kernels: a CPU without an FMA instruction is slow here.
FM_HD float fused(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  float result;
  asm("fma.rn.f32 %0, %1, %2, %3;" : "=f"(result) : "f"(a), "f"(b), "f"(c));
  return result;
#else
  return fmaf(a, b, c);
#endif
}

// The byte x as the float 2^23 + x. The last bit of such a float is worth 1, so its lowest byte is x. GPUs would
// convert x to a float at only a quarter of this rate.
constexpr uint32_t kByteBias = 0x4b000000u;
FM_HD float biased(uint8_t x) { return bit_cast<float>(kByteBias | x); }

// Computes mix_element() for two biased bytes and 0 < weight < 1. The result is a biased byte. One fused operation
// rounds partner + weight * (own - partner) to a whole number, ties to even. blend() gives the same: weights of at
// least 2^-21 are multiples of 2^-44, so blend() is exact. For smaller weights, both give the partner.
FM_HD float mix_biased(float own, float partner, float weight) { return fused(weight, own - partner, partner); }

// a * b + c with a single rounding: fused_down rounds down, fused_up rounds up. GPUs do both at no extra cost.
#if defined(__CUDA_ARCH__)
FM_HD float fused_down(float a, float b, float c) {
  float result;
  asm("fma.rm.f32 %0, %1, %2, %3;" : "=f"(result) : "f"(a), "f"(b), "f"(c));
  return result;
}
FM_HD float fused_up(float a, float b, float c) {
  float result;
  asm("fma.rp.f32 %0, %1, %2, %3;" : "=f"(result) : "f"(a), "f"(b), "f"(c));
  return result;
}
#else
// Computes a * b + c, rounded toward `end` (minus or plus infinity). float64 holds the product exactly, and two-sum
// gives the exact error of adding c. If a * b + c is zero, -0 counts as lower than +0.
FM_HD float fused_toward(float a, float b, float c, float end) {
  const double product = static_cast<double>(a) * b;
  const double sum = product + c;
  if (sum == 0.0) return std::signbit(product) == std::signbit(c) ? c * 0.0f : end < 0.0f ? -0.0f : 0.0f;
  const double of_product = sum - c;
  const double lost = (product - of_product) + (c - (sum - of_product));
  const float nearest = static_cast<float>(sum);
  const double beyond = end < 0.0f ? nearest - sum : sum - nearest;
  const double more = end < 0.0f ? lost : -lost;
  return beyond > 0.0 || (beyond == 0.0 && more < 0.0) ? std::nextafter(nearest, end) : nearest;
}
FM_HD float fused_down(float a, float b, float c) { return fused_toward(a, b, c, -HUGE_VALF); }
FM_HD float fused_up(float a, float b, float c) { return fused_toward(a, b, c, HUGE_VALF); }
#endif

// Float32 bounds of partner + weight * (own - partner), for 16-bit floats and kLeastBoundedWeight <= weight < 1.
// 1. If both bounds round to the same 16-bit float, that float is the result of mix_element().
// 2. The bounds are equal if float32 holds the exact value, as it does at a tie between two 16-bit floats.
// 3. The bounds may be NaN if an operand is not finite.
// 4. blend() lies between the bounds, too: its products are exact, so it only rounds the exact value to float64.
// 5. The products are exact because they have at most 53 bits. For float16, 1 - weight is a multiple of 2^-42 below 1,
//    and an element has 11 bits. For bfloat16, 1 - weight is a multiple of 2^-45, and an element has 8 bits.
struct MixBounds {
  float low, high;
};
template <typename T>
inline constexpr float kLeastBoundedWeight = 0x1p-19f;
template <>
inline constexpr float kLeastBoundedWeight<BFloat16> = 0x1p-22f;
FM_HD MixBounds mix_bounds(float own, float partner, float weight) {
  return {fused_down(weight, fused_down(1.0f, own, -partner), partner),
          fused_up(weight, fused_up(1.0f, own, -partner), partner)};
}

// The weight of the sample's own image where its mask has this level. It is exactly `outside` at level 0 and exactly
// `inside` at 255. In between it is linear and, despite rounding, monotonic.
FM_HD float mask_weight(uint8_t level, float inside, float outside) {
  const float share = (biased(level) - 0x1p23f) * (1.0f / 255.0f);
  const float weight = outside + (inside - outside) * share;
  return level == 255 ? inside : weight;
}

// Mixes and normalises one element in float32. Weight 1 gives exactly `own * scale + bias`.
FM_HD float normalize_element(float own, float partner, float weight, float scale, float bias) {
  return (weight * own + (1.0f - weight) * partner) * scale + bias;
}

// normalize_element() for two biased bytes, with the same bits: weight * 2^23 is exact, so each fused operation rounds
// weight * byte once.
FM_HD float normalize_biased(float own, float partner, float weight, float scale, float bias) {
  const float rest = 1.0f - weight;
  const float mixed = fused(weight, own, -0x1p23f * weight) + fused(rest, partner, -0x1p23f * rest);
  return mixed * scale + bias;
}

template <typename T>
FM_HD T narrow_float(float x);
template <>
FM_HD float narrow_float<float>(float x) {
  return x;
}
template <>
FM_HD Half narrow_float<Half>(float x) {
  return to_half(x);
}
template <>
FM_HD BFloat16 narrow_float<BFloat16>(float x) {
  return to_bfloat16(x);
}

}  // namespace fastmix
