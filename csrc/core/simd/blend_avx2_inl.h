// Blends 16-bit floats with AVX2 and FMA, 16 at a time. Part of kernels_inl.h.
//
// The method is that of blend_avx512_inl.h: compute the mix twice, rounded down and rounded up. If the two results
// differ, take the one whose last bit is odd. AVX2 instructions take their rounding mode from the control register,
// which blend_while_certain sets to "down". To round up, the code negates a value, rounds it down and negates it again.
#pragma once

#include <immintrin.h>

#include "base/dtype.h"

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr int64_t kQuick = 16;

// Makes floating-point operations round down until the end of the scope. The compiler does not know this, so it could
// move an operation out of the scope. To prevent that, blend_while() contains the operations and is not inlined.
class RoundingDown {
 public:
  RoundingDown() : before_(_mm_getcsr()) { _mm_setcsr((before_ & ~_MM_ROUND_MASK) | _MM_ROUND_DOWN); }
  ~RoundingDown() { _mm_setcsr(before_); }
  RoundingDown(const RoundingDown&) = delete;
  RoundingDown& operator=(const RoundingDown&) = delete;

 private:
  const unsigned before_;
};

inline __m256i load_words(const void* x) { return _mm256_loadu_si256(static_cast<const __m256i*>(x)); }
inline void store_words(void* out, __m256i x) { _mm256_storeu_si256(static_cast<__m256i*>(out), x); }

// Computes weight * x + (1 - weight) * y, rounded to odd (see above). If x - y is inexact or not finite in a lane, some
// bit of this lane becomes 1 in `uncertain`, other than the sign bit. The sign bit may become 1 for an exact x - y too,
// so certain() ignores it.
inline __m256i blend_to_odd(__m256 x, __m256 y, __m256 weight, __m256i& uncertain) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  const __m256 d = _mm256_sub_ps(x, y);
  // x - y rounded down, minus x - y rounded up: -0 if x - y is exact and finite, else nonzero or NaN (inf - inf).
  const __m256 gap = _mm256_add_ps(d, _mm256_sub_ps(y, x));
  uncertain = _mm256_or_si256(uncertain, _mm256_castps_si256(gap));
  const __m256 low = _mm256_fmadd_ps(weight, d, y);
  const __m256 high = _mm256_xor_ps(_mm256_fnmsub_ps(weight, d, y), sign);
  const __m256 odd = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(low), 31));
  return _mm256_castps_si256(_mm256_blendv_ps(high, low, odd));
}

inline bool certain(__m256i uncertain) { return _mm256_testz_si256(uncertain, _mm256_set1_epi32(0x7fffffff)); }

// Blends kQuick elements. If own - partner is inexact in float32 or not finite for any element, returns false and
// writes nothing. `out` may be `own`.
inline bool blend_quickly(Half* out, const Half* own, const Half* partner, float weight) {
  __m256i uncertain = _mm256_setzero_si256();
  __m128i mixed[2];
  for (int part = 0; part < 2; ++part) {
    const auto widen_8 = [&](const Half* at) {
      return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 8 * part)));
    };
    const __m256i odd = blend_to_odd(widen_8(own), widen_8(partner), _mm256_set1_ps(weight), uncertain);
    mixed[part] = _mm256_cvtps_ph(_mm256_castsi256_ps(odd), _MM_FROUND_TO_NEAREST_INT);
  }
  if (!certain(uncertain)) return false;
  for (int part = 0; part < 2; ++part) _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 8 * part), mixed[part]);
  return true;
}

// Rounds the float32 in each lane to bfloat16 (nearest, ties to even). The result is the high half of the lane; the low
// half is undefined. x must not be NaN.
inline __m256i round_high_half(__m256i x) {
  const __m256i last = _mm256_and_si256(_mm256_srli_epi32(x, 16), _mm256_set1_epi32(1));
  return _mm256_add_epi32(_mm256_add_epi32(x, _mm256_set1_epi32(0x7fff)), last);
}

// A 32-bit lane holds two bfloat16: an even one in the low half and an odd one in the high half. even_of and odd_of
// convert them to float32. high_halves packs the high halves of both results into one lane again.
inline __m256 even_of(__m256i pairs) { return _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16)); }
inline __m256 odd_of(__m256i pairs) {
  return _mm256_castsi256_ps(_mm256_and_si256(pairs, _mm256_set1_epi32(static_cast<int>(0xffff0000u))));
}
inline __m256i high_halves(__m256i even, __m256i odd) {
  return _mm256_blend_epi16(_mm256_srli_epi32(even, 16), odd, 0xaa);
}

inline bool blend_quickly(BFloat16* out, const BFloat16* own, const BFloat16* partner, float weight) {
  const __m256 w = _mm256_set1_ps(weight);
  const __m256i x = load_words(own);
  const __m256i y = load_words(partner);
  __m256i uncertain = _mm256_setzero_si256();
  const __m256i even = round_high_half(blend_to_odd(even_of(x), even_of(y), w, uncertain));
  const __m256i odd = round_high_half(blend_to_odd(odd_of(x), odd_of(y), w, uncertain));
  if (!certain(uncertain)) return false;
  store_words(out, high_halves(even, odd));
  return true;
}

// A faster method for bfloat16, which blend_inl.h tries first: it takes two thirds of the time. If float32 holds the
// difference of the operands exactly, one fused multiply-add gives the exact mix, rounded once to float32. A tie is a
// number halfway between two bfloat16. Rounding to float32 never crosses a tie, because float32 holds all ties. So
// rounding the result to bfloat16 is right, unless the result is itself a tie.
#define FM_BLEND_TIES_APART

// Compares 16 pairs of bfloat16. A word of the result is nonzero if float32 may not hold the difference of the pair
// exactly, or if one of the two is not finite. Let e be the larger and s the smaller of their exponents. The difference
// is below 2^(e + 2) and a multiple of 2^(s - 7). So if e <= s + 15, it has at most 24 bits, and float32 holds it.
// Example: 2^15 - 129 / 128 (e = 15, s = 0) needs 22 bits.
inline __m256i inexact_differences(__m256i x, __m256i y) {
  constexpr int kStep = 1 << 7;                 // one step of the exponent, in the bits of a bfloat16
  constexpr int kLargest = 0x8000 - 2 * kStep;  // magnitudes from here on may have an infinite difference
  const __m256i magnitude = _mm256_set1_epi16(0x7fff);
  const __m256i a = _mm256_and_si256(x, magnitude);
  const __m256i b = _mm256_and_si256(y, magnitude);
  const __m256i larger = _mm256_max_epi16(a, b);
  const __m256i smaller = _mm256_min_epi16(a, b);
  // The last bit of a subnormal is worth as much as the last bit of the smallest normal number. So a subnormal counts
  // as having that number's exponent.
  const __m256i graded = _mm256_max_epi16(smaller, _mm256_set1_epi16(kStep));
  const __m256i beyond = _mm256_subs_epu16(_mm256_subs_epu16(larger, graded), _mm256_set1_epi16(15 * kStep));
  const __m256i too_large = _mm256_subs_epu16(larger, _mm256_set1_epi16(kLargest - 1));
  // If `smaller` is zero, the difference is exact, so _mm256_sign_epi16 sets that word of `beyond` to zero.
  return _mm256_or_si256(_mm256_sign_epi16(beyond, smaller), too_large);
}

// Blends kQuick elements. If any result may be a tie, or any difference own - partner may be inexact in float32,
// returns false and writes nothing. `out` may be `own`.
inline bool blend_no_tie(BFloat16* out, const BFloat16* own, const BFloat16* partner, float weight) {
  const __m256i x = load_words(own);
  const __m256i y = load_words(partner);
  const auto mixed = [&](__m256 a, __m256 b) {
    // b - weight * (b - a), because two negative zeros then give a negative zero; b + weight * (a - b) would give +0.
    const __m256 v = _mm256_fnmadd_ps(_mm256_set1_ps(weight), _mm256_sub_ps(b, a), b);
    // Adds half of bfloat16's last bit. Cutting off the low half then rounds to nearest. The low half is zero only if v
    // is a tie.
    return _mm256_add_epi32(_mm256_castps_si256(v), _mm256_set1_epi32(0x8000));
  };
  const __m256i even = mixed(even_of(x), even_of(y));
  const __m256i odd = mixed(odd_of(x), odd_of(y));
  const __m256i rests = _mm256_blend_epi16(even, _mm256_slli_epi32(odd, 16), 0xaa);
  const __m256i ties = _mm256_cmpeq_epi16(rests, _mm256_setzero_si256());
  const __m256i open = _mm256_or_si256(ties, inexact_differences(x, y));
  if (!_mm256_testz_si256(open, open)) return false;
  store_words(out, high_halves(even, odd));
  return true;
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
