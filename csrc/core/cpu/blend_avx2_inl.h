// 16-bit floats with AVX2 and FMA, 16 at a time. Part of kernels_inl.h.
//
// The mix is partner + weight * d with d = own - partner. Where float32 holds d, one fused multiply-add is the exact
// value v rounded to float32, and rounding that once more rounds v itself: float32 holds every tie of the narrower
// type, so a v beside one stays on its side. Only a float32 that is a tie leaves open where v was.
#pragma once

#include <immintrin.h>

#include "../dtype.h"

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr int64_t kQuick = 16;

inline __m256i load_words(const void* x) { return _mm256_loadu_si256(static_cast<const __m256i*>(x)); }

inline void store_words(void* out, __m256i x) { _mm256_storeu_si256(static_cast<__m256i*>(out), x); }

// Words that are not zero where float32 may not hold the difference of two 16-bit floats, or one of them is not
// finite. `larger` is the larger magnitude. With exponents e of the larger and s of the smaller the difference is
// below 2^(e + 2) and a multiple of 2^(s - kMantissa): at most 24 bits long where e <= s + 22 - kMantissa.
template <int kMantissa>
__m256i inexact_differences(__m256i x, __m256i y, __m256i& larger) {
  constexpr int kStep = 1 << kMantissa;         // from one exponent to the next
  constexpr int kLargest = 0x8000 - 2 * kStep;  // from here on a difference may be infinite
  constexpr int kReach = (22 - kMantissa) * kStep;
  const __m256i magnitude = _mm256_set1_epi16(0x7fff);
  const __m256i a = _mm256_and_si256(x, magnitude);
  const __m256i b = _mm256_and_si256(y, magnitude);
  larger = _mm256_max_epi16(a, b);
  const __m256i smaller = _mm256_min_epi16(a, b);
  // Below the smallest normal number the last bit is worth no less.
  const __m256i graded = _mm256_max_epi16(smaller, _mm256_set1_epi16(kStep));
  const __m256i beyond = _mm256_subs_epu16(_mm256_subs_epu16(larger, graded), _mm256_set1_epi16(kReach));
  const __m256i too_large = _mm256_subs_epu16(larger, _mm256_set1_epi16(kLargest - 1));
  // The difference to zero is exact: the sign of the smaller, 0 or 1, is a factor.
  return _mm256_or_si256(_mm256_sign_epi16(beyond, smaller), too_large);
}

// weight * x + (1 - weight) * y, less one rounding. With this sign of the difference, two negative zeros give one.
inline __m256 blend_8(__m256 x, __m256 y, __m256 weight) { return _mm256_fnmadd_ps(weight, _mm256_sub_ps(y, x), y); }

// Each of the two: false, with nothing written, where the result is not certain to be right. `out` may be `own`.

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
  __m256i larger;
  const __m256i uncertain = _mm256_or_si256(ties, inexact_differences<7>(x, y, larger));
  if (!_mm256_testz_si256(uncertain, uncertain)) return false;
  store_words(out, _mm256_blend_epi16(_mm256_srli_epi32(even, 16), odd, 0xaa));
  return true;
}

inline bool blend_quickly(Half* out, const Half* own, const Half* partner, float weight) {
  const __m256i x = load_words(own);
  const __m256i y = load_words(partner);
  const auto widen_8 = [](const Half* at) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  };
  const __m256 w = _mm256_set1_ps(weight);
  const __m256 low = blend_8(widen_8(own), widen_8(partner), w);
  const __m256 high = blend_8(widen_8(own + 8), widen_8(partner + 8), w);
  // The 13 bits of a float32 that a normal Half has not; a tie is the highest of them alone. Order does not matter.
  const __m256i rest = _mm256_set1_epi32(0x1fff);
  const __m256i rests = _mm256_packus_epi32(_mm256_and_si256(_mm256_castps_si256(low), rest),
                                            _mm256_and_si256(_mm256_castps_si256(high), rest));
  const __m256i ties = _mm256_cmpeq_epi16(rests, _mm256_set1_epi16(0x1000));
  const __m256i mixed = _mm256_set_m128i(_mm256_cvtps_ph(high, _MM_FROUND_TO_NEAREST_INT),
                                         _mm256_cvtps_ph(low, _MM_FROUND_TO_NEAREST_INT));
  // Ties of subnormals, and of the number above them, are elsewhere. Two zeros mix to zero.
  __m256i larger;
  const __m256i inexact = inexact_differences<10>(x, y, larger);
  const __m256i magnitude = _mm256_and_si256(mixed, _mm256_set1_epi16(0x7fff));
  const __m256i small = _mm256_sign_epi16(_mm256_cmpgt_epi16(_mm256_set1_epi16(0x401), magnitude), larger);
  const __m256i uncertain = _mm256_or_si256(_mm256_or_si256(ties, small), inexact);
  if (!_mm256_testz_si256(uncertain, uncertain)) return false;
  store_words(out, mixed);
  return true;
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
