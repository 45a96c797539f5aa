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

// float64 to float32 by "round to odd": a float whose later rounding to a type of at most 22 significant
// bits equals rounding the float64 directly (Boldo and Melquiond, 2008). Plain rounding twice would not.
FM_HD float round_to_odd(double x) {
  const float nearest = static_cast<float>(x);
  const double back = static_cast<double>(nearest);
  const uint32_t bits = bit_cast<uint32_t>(nearest);
  const bool inexact = back != x;
  const bool even = (bits & 1u) == 0u;
  const bool away = fabs(back) > fabs(x);
  const uint32_t toward_x = away ? bits - 1u : bits + 1u;
  return bit_cast<float>(inexact && even ? toward_x : bits);
}

FM_HD double widen(uint8_t x) { return static_cast<double>(x); }
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
