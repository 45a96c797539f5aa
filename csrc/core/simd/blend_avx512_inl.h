// Blends 16-bit floats with AVX-512, 64 at a time. Part of kernels_inl.h.
//
// The mix is partner + weight * d with d = own - partner. float32 holds d exactly, unless the exponents of own and
// partner are far apart. If d is exact, the code computes the mix twice by a fused multiply-add, once rounded down and
// once rounded up. If the two results differ, it takes the one whose last bit is odd. This is "rounding to odd" (see
// round_to_odd in formula/mix_math.h): narrowing the result to 16 bits gives the same bits as narrowing the exact mix.
#pragma once

#include <immintrin.h>

#include "base/dtype.h"

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr int64_t kQuick = 64;

// Does nothing, because every AVX-512 instruction names its rounding mode. It exists because blend_inl.h uses the type,
// which sets the rounding mode on AVX2.
struct RoundingDown {
  RoundingDown() {}
};

constexpr int kDown = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
constexpr int kUp = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC;

inline __m512 load_16(const Half* x) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
}

inline void store_16(Half* out, __m512 x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}
// Computes weight * x + (1 - weight) * y, rounded to odd. Sets the bit of `uncertain` for each lane where x - y is
// inexact or not finite.
inline __m512 blend_to_odd(__m512 x, __m512 y, __m512 weight, __mmask16& uncertain) {
  const __m512 d = _mm512_sub_round_ps(x, y, kDown);
  // x - y rounded up, minus x - y rounded down: 0 if x - y is exact and finite, else nonzero or NaN (inf - inf).
  const __m512 gap = _mm512_sub_ps(_mm512_sub_round_ps(x, y, kUp), d);
  uncertain |= _mm512_cmp_ps_mask(gap, _mm512_setzero_ps(), _CMP_NEQ_UQ);
  const __m512 low = _mm512_fmadd_round_ps(weight, d, y, kDown);
  const __m512 high = _mm512_fmadd_round_ps(weight, d, y, kUp);
  const __mmask16 odd = _mm512_test_epi32_mask(_mm512_castps_si512(low), _mm512_set1_epi32(1));
  return _mm512_mask_blend_ps(odd, high, low);
}

// Blends kQuick elements. If own - partner is inexact in float32 or not finite for any element, returns false and
// writes nothing. `out` may be `own`.
inline bool blend_quickly(Half* out, const Half* own, const Half* partner, float weight) {
  const __m512 w = _mm512_set1_ps(weight);
  __m512 mixed[4];
  __mmask16 uncertain = 0;
  for (int part = 0; part < 4; ++part) {
    mixed[part] = blend_to_odd(load_16(own + 16 * part), load_16(partner + 16 * part), w, uncertain);
  }
  if (uncertain != 0) return false;
  for (int part = 0; part < 4; ++part) store_16(out + 16 * part, mixed[part]);
  return true;
}

// A 32-bit lane holds two bfloat16: an even one in the low half and an odd one in the high half. Shifting the lane left
// by 16 bits turns the even one into a float32. Clearing the low half turns the odd one into a float32. Converting 16
// numbers at a time in memory order would take more instructions.
inline __m512 even_of(__m512i pairs) { return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)); }
inline __m512 odd_of(__m512i pairs) {
  return _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
}

// Rounds the float32 in each lane to bfloat16 (nearest, ties to even). The result is the high half of the lane; the low
// half is undefined. x must not be NaN.
inline __m512i round_high_half(__m512 x) {
  const __m512i bits = _mm512_castps_si512(x);
  const __m512i last = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  return _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), last);
}

inline bool blend_quickly(BFloat16* out, const BFloat16* own, const BFloat16* partner, float weight) {
  const __m512 w = _mm512_set1_ps(weight);
  __m512i mixed[2];
  __mmask16 uncertain = 0;
  for (int part = 0; part < 2; ++part) {
    const __m512i x = _mm512_loadu_si512(own + 32 * part);
    const __m512i y = _mm512_loadu_si512(partner + 32 * part);
    const __m512i even = round_high_half(blend_to_odd(even_of(x), even_of(y), w, uncertain));
    const __m512i odd = round_high_half(blend_to_odd(odd_of(x), odd_of(y), w, uncertain));
    mixed[part] = _mm512_mask_blend_epi16(0xaaaaaaaau, _mm512_srli_epi32(even, 16), odd);
  }
  if (uncertain != 0) return false;
  for (int part = 0; part < 2; ++part) _mm512_storeu_si512(out + 32 * part, mixed[part]);
  return true;
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
