// 16-bit floats with AVX2 and FMA, 16 at a time. Part of kernels_inl.h.
//
// float32 gives the mix with a small error; where rounding it to 16 bits is certain to round the exact mix too, that
// is the result. The two types prove it differently, each by what is cheap for it.
#pragma once

#include <immintrin.h>

#include "../dtype.h"

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr int64_t kQuick = 16;

inline __m256i load_words(const void* x) { return _mm256_loadu_si256(static_cast<const __m256i*>(x)); }

inline void store_words(void* out, __m256i x) { _mm256_storeu_si256(static_cast<__m256i*>(out), x); }

// weight * x + (1 - weight) * y, less one rounding. With this sign of the difference, two negative zeros give one.
inline __m256 blend_8(__m256 x, __m256 y, __m256 weight) { return _mm256_fnmadd_ps(weight, _mm256_sub_ps(y, x), y); }

// False, with nothing written, where the result is not certain to be right. `out` may be `own`.

// bfloat16: the mix is partner + weight * d with d = own - partner. Where float32 holds d, one fused multiply-add is
// the exact value v rounded to float32, and rounding that once more rounds v itself: float32 holds every tie of the
// narrower type, so a v beside one stays on its side. Only a float32 that is a tie leaves open where v was.

// Words that are not zero where float32 may not hold the difference of two bfloat16, or one of them is not finite.
// With exponents e of the larger magnitude and s of the smaller the difference is below 2^(e + 2) and a multiple of
// 2^(s - 7): at most 24 bits long where e <= s + 15.
inline __m256i inexact_differences(__m256i x, __m256i y) {
  constexpr int kStep = 1 << 7;                 // from one exponent to the next
  constexpr int kLargest = 0x8000 - 2 * kStep;  // from here on a difference may be infinite
  const __m256i magnitude = _mm256_set1_epi16(0x7fff);
  const __m256i a = _mm256_and_si256(x, magnitude);
  const __m256i b = _mm256_and_si256(y, magnitude);
  const __m256i larger = _mm256_max_epi16(a, b);
  const __m256i smaller = _mm256_min_epi16(a, b);
  // Below the smallest normal number the last bit is worth no less.
  const __m256i graded = _mm256_max_epi16(smaller, _mm256_set1_epi16(kStep));
  const __m256i beyond = _mm256_subs_epu16(_mm256_subs_epu16(larger, graded), _mm256_set1_epi16(15 * kStep));
  const __m256i too_large = _mm256_subs_epu16(larger, _mm256_set1_epi16(kLargest - 1));
  // The difference to zero is exact: the sign of the smaller, 0 or 1, is a factor.
  return _mm256_or_si256(_mm256_sign_epi16(beyond, smaller), too_large);
}

// Two bfloat16 in a 32-bit lane: the odd one is a float32 but for the rest in its low half, the even one is one
// after a shift. That is cheaper than spreading them over two registers and packing them again.
inline bool blend_quickly(BFloat16* out, const BFloat16* own, const BFloat16* partner, float weight) {
  const __m256i high_half = _mm256_set1_epi32(static_cast<int>(0xffff0000u));
  const __m256i x = load_words(own);
  const __m256i y = load_words(partner);
  const auto mixed = [&](__m256i own_bits, __m256i partner_bits) {
    const __m256 v = blend_8(_mm256_castsi256_ps(own_bits), _mm256_castsi256_ps(partner_bits), _mm256_set1_ps(weight));
    // Half a last bit more: now cutting the low half off rounds, and a tie leaves it zero.
    return _mm256_add_epi32(_mm256_castps_si256(v), _mm256_set1_epi32(0x8000));
  };
  const __m256i even = mixed(_mm256_slli_epi32(x, 16), _mm256_slli_epi32(y, 16));
  const __m256i odd = mixed(_mm256_and_si256(x, high_half), _mm256_and_si256(y, high_half));
  const __m256i rests = _mm256_blend_epi16(even, _mm256_slli_epi32(odd, 16), 0xaa);
  const __m256i ties = _mm256_cmpeq_epi16(rests, _mm256_setzero_si256());
  const __m256i uncertain = _mm256_or_si256(ties, inexact_differences(x, y));
  if (!_mm256_testz_si256(uncertain, uncertain)) return false;
  store_words(out, _mm256_blend_epi16(_mm256_srli_epi32(even, 16), odd, 0xaa));
  return true;
}

// float16: with u <= 1/2 the smaller weight, the mix is t = base + u * d with d = other - base. The difference is
// rounded, which errs by 2^-24 |u d| = 2^-24 |t - base| at most, and so is the fused multiply-add: v is within
// 2^-24 (2 |t| + |base|) of t. Where both ends of an interval that certainly holds t round to the same float16, so
// does t. float32 has the exponents of all these.

// The ends v (1 - k) and v (1 + k), with k = 2^-22, themselves rounded, reach 0.75 k |t| away. d is inexact only
// where one value is 2^12 times the other. If that is base, |u d| < 1.01 |t|; else |u d| < 1.34 |t| for u >= 2^-10,
// as |t| >= (u - 2^-12) |other|. The error is below 2.34 * 2^-24 |t| < 0.75 k |t|.
struct RelativeMargin {
  static __m256 below(__m256 v, __m256) { return _mm256_mul_ps(v, _mm256_set1_ps(1.0f - 0x1p-22f)); }
  static __m256 above(__m256 v, __m256) { return _mm256_mul_ps(v, _mm256_set1_ps(1.0f + 0x1p-22f)); }
};

// For any u: v -+ k (|v| + |base|).
struct AbsoluteMargin {
  static __m256 sum(__m256 v, __m256 base) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return _mm256_add_ps(_mm256_andnot_ps(sign, v), _mm256_andnot_ps(sign, base));
  }
  static __m256 below(__m256 v, __m256 base) { return _mm256_fnmadd_ps(_mm256_set1_ps(0x1p-22f), sum(v, base), v); }
  static __m256 above(__m256 v, __m256 base) { return _mm256_fmadd_ps(_mm256_set1_ps(0x1p-22f), sum(v, base), v); }
};

template <typename Margin>
inline bool blend_within(Half* out, const Half* base, const Half* other, float u) {
  __m256 v[2];
  __m128i mixed[2], differ[2];
  for (int part = 0; part < 2; ++part) {
    const auto widen_8 = [&](const Half* at) {
      return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 8 * part)));
    };
    const __m256 from = widen_8(base);
    v[part] = blend_8(widen_8(other), from, _mm256_set1_ps(u));
    mixed[part] = _mm256_cvtps_ph(Margin::below(v[part], from), _MM_FROUND_TO_NEAREST_INT);
    differ[part] = _mm_xor_si128(mixed[part], _mm256_cvtps_ph(Margin::above(v[part], from), _MM_FROUND_TO_NEAREST_INT));
  }
  const __m128i uncertain = _mm_or_si128(differ[0], differ[1]);
  // Which NaN comes of a NaN, the formula decides.
  const __m256i numbers = _mm256_castps_si256(_mm256_cmp_ps(v[0], v[1], _CMP_ORD_Q));
  if (!_mm_testz_si128(uncertain, uncertain) || !_mm256_testc_si256(numbers, _mm256_set1_epi32(-1))) return false;
  for (int part = 0; part < 2; ++part) _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 8 * part), mixed[part]);
  return true;
}

template <typename Margin>
__attribute__((noinline, noclone)) int64_t blend_while_within(Half* out, const Half* base, const Half* other, float u,
                                                              int64_t n) {
  int64_t k = 0;
  while (k + kQuick <= n && blend_within<Margin>(out + k, base + k, other + k, u)) k += kQuick;
  return k;
}

inline int64_t blend_while_certain(Half* out, const Half* own, const Half* partner, float weight, int64_t n) {
  const bool most = weight > 0.5f;  // then 1 - weight is exact
  const Half* const base = most ? own : partner;
  const Half* const other = most ? partner : own;
  const float u = most ? 1.0f - weight : weight;
  return u < 0x1p-10f ? blend_while_within<AbsoluteMargin>(out, base, other, u, n)
                      : blend_while_within<RelativeMargin>(out, base, other, u, n);
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
