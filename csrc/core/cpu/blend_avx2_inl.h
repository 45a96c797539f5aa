// 64 narrow elements at a time with AVX2 and FMA. Part of kernels_inl.h.
//
// The mix is partner + weight * d with d = own - partner, which float32 holds exactly but for far apart
// exponents. One fused multiply-add is then within 2^-24 of its own size of the exact value. Both ends of a
// slightly wider interval are narrowed: rounding is monotonic, so where they agree the exact value narrows to the
// same. They differ only next to a tie.
#pragma once

#include <immintrin.h>

#include "../dtype.h"

namespace fastmix {
namespace FM_ISA {
namespace {

inline __m256 load_8(const uint8_t* x) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x))));
}
inline __m256 load_8(const Half* x) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x))); }
inline __m256 load_8(const BFloat16* x) {
  const __m256i bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
  return _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16));
}

// Eight results in the low halves (uint8: bytes) of 32-bit lanes, or for Half as eight packed 16-bit words.
inline __m256i narrow_8(const uint8_t*, __m256 x) { return _mm256_cvtps_epi32(x); }
inline __m256i narrow_8(const Half*, __m256 x) {
  return _mm256_zextsi128_si256(_mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}
inline __m256i narrow_8(const BFloat16*, __m256 x) {
  const __m256i bits = _mm256_castps_si256(x);
  const __m256i last = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  return _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), last), 16);
}

inline __m128i pack_16(__m256i x) {
  return _mm_packus_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
}
inline void store_8(uint8_t* out, __m256i x) {
  _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm_packus_epi16(pack_16(x), _mm_setzero_si128()));
}
inline void store_8(Half* out, __m256i x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(x));
}
inline void store_8(BFloat16* out, __m256i x) { _mm_storeu_si128(reinterpret_cast<__m128i*>(out), pack_16(x)); }

// False, with nothing written, when that is not certain to be right. `out` may be `own`.
template <typename T>
bool blend_quickly(T* out, const T* own, const T* partner, float weight) {
  const __m256 w = _mm256_set1_ps(weight);
  const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
  __m256i mixed[8];
  __m256i uncertain = _mm256_setzero_si256();
  for (int part = 0; part < 8; ++part) {
    const __m256 x = load_8(own + 8 * part);
    const __m256 y = load_8(partner + 8 * part);
    const __m256 d = _mm256_sub_ps(x, y);
    // An exact difference gives back both operands; a rounded one loses the smaller.
    const __m256 inexact = _mm256_or_ps(_mm256_cmp_ps(_mm256_sub_ps(x, d), y, _CMP_NEQ_UQ),
                                        _mm256_cmp_ps(_mm256_add_ps(d, y), x, _CMP_NEQ_UQ));
    const __m256 v = _mm256_fmadd_ps(w, d, y);
    const __m256 error =
        _mm256_fmadd_ps(_mm256_and_ps(v, magnitude), _mm256_set1_ps(0x1p-23f), _mm256_set1_ps(0x1p-148f));
    const __m256i low = narrow_8(out, _mm256_sub_ps(v, error));
    const __m256i high = narrow_8(out, _mm256_add_ps(v, error));
    uncertain = _mm256_or_si256(uncertain, _mm256_or_si256(_mm256_castps_si256(inexact), _mm256_xor_si256(low, high)));
    mixed[part] = high;
  }
  if (!_mm256_testz_si256(uncertain, uncertain)) return false;
  for (int part = 0; part < 8; ++part) store_8(out + 8 * part, mixed[part]);
  return true;
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
