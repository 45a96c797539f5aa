// The formulas of fastmix, each written once and used by CPU kernels, CUDA kernels and the host shim.
// Contraction is off in every build (-ffp-contract=off, -fmad=false): all of them give the same bits.
#pragma once

#include <cmath>
#include <cstdint>

#include "dtype.h"
#include "host_device.h"

namespace fastmix {

// Own weight w in, `w * own + (1 - w) * partner` out, in float64. float32 operands make both products exact
// or nearly so, hence rounding the result once gives the correctly rounded mix in every narrower type.
FM_HD double blend(double own, double partner, double weight) { return weight * own + (1.0 - weight) * partner; }

// float64 to a float of 14 significant bits by "round to odd" (Boldo and Melquiond, 2008): cut the rest off and,
// if it was not zero, set the last bit kept. Rounding that to at most 12 bits equals rounding the float64
// directly, where rounding to float32 first would round twice. 14 bits also fit float32's subnormals.
FM_HD float round_to_odd(double x) {
  constexpr uint64_t kRest = (uint64_t{1} << 39) - 1;
  const uint64_t bits = bit_cast<uint64_t>(x);
  const uint64_t sticky = (bits & kRest) + kRest;  // carries into the last bit kept unless the rest is zero
  return static_cast<float>(bit_cast<double>((bits | sticky) & ~kRest));
}

FM_HD double widen(uint8_t x) {
#if defined(__CUDA_ARCH__) || defined(FASTMIX_HOST_CUDA)
  // 2^52 + x holds x in its lowest bits: as exact as a conversion, which GPUs do at a quarter of the rate.
  return bit_cast<double>(0x4330000000000000ull | x) - 0x1p52;
#else
  return static_cast<double>(x);
#endif
}
FM_HD double widen(Half x) { return static_cast<double>(to_float(x)); }
FM_HD double widen(BFloat16 x) { return static_cast<double>(to_float(x)); }
FM_HD double widen(float x) { return static_cast<double>(x); }
FM_HD double widen(double x) { return x; }

// One rounding, to nearest even, from float64 to T.
template <typename T>
FM_HD T narrow(double x);
// 0 <= x <= 255: adding 2^52 leaves no bits for a fraction, so the addition rounds, and the low byte is the value.
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

// One mixed element. Weight 1 and weight 0 copy bits, so NaN, infinity and -0 of the other image do not leak.
template <typename T>
FM_HD T mix_element(T own, T partner, float weight) {
  if (weight == 1.0f) return own;
  if (weight == 0.0f) return partner;
  return narrow<T>(blend(widen(own), widen(partner), static_cast<double>(weight)));
}

// Own weight where a sample's mask is `level`: exactly `outside` at 0, exactly `inside` at 255, evenly spaced and in
// order between. 2^23 + level holds level in its lowest bits: as exact as a conversion.
FM_HD float mask_weight(uint8_t level, float inside, float outside) {
  const float share = (bit_cast<float>(0x4b000000u | level) - 0x1p23f) * (1.0f / 255.0f);
  const float weight = outside + (inside - outside) * share;
  return level == 255 ? inside : weight;
}

// One mixed and normalised element in float32: weight 1 gives exactly `own * scale + bias`.
FM_HD float normalize_element(float own, float partner, float weight, float scale, float bias) {
  return (weight * own + (1.0f - weight) * partner) * scale + bias;
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
