// Converts spans of 16-bit floats to float32 and back. Part of kernels_inl.h.
#pragma once

#include "base/dtype.h"

#if defined(__F16C__) || defined(__SSSE3__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace fastmix {
namespace FM_ISA {
namespace {

// How many elements are converted at a time, in buffers that stay in the first-level cache.
constexpr int64_t kChunk = 64;

inline void widen_span(float* out, const BFloat16* in, int64_t n) {
  const auto* bits = reinterpret_cast<const uint16_t*>(in);
  for (int64_t k = 0; k < n; ++k) out[k] = to_float(BFloat16{bits[k]});
}

// Only for AVX2. For AVX-512, the code that the compiler makes of the plain loop is better.
#if defined(__AVX2__) && !defined(__AVX512F__)
// Returns to_bfloat16() of eight values, one per 32-bit lane.
inline __m256i bfloat16_bits(const float* in) {
  const __m256 x = _mm256_loadu_ps(in);
  const __m256i bits = _mm256_castps_si256(x);
  const __m256i last = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), last);
  const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  const __m256 nan = _mm256_cmp_ps(x, x, _CMP_UNORD_Q);
  return _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, _mm256_castps_si256(nan)), 16);
}
#endif

inline void narrow_span(BFloat16* out, const float* in, int64_t n) {
  auto* bits = reinterpret_cast<uint16_t*>(out);
  int64_t k = 0;
#if defined(__AVX2__) && !defined(__AVX512F__)
  for (; k + 16 <= n; k += 16) {
    // Packing interleaves the halves of its operands; the permutation restores the order.
    const __m256i packed = _mm256_packus_epi32(bfloat16_bits(in + k), bfloat16_bits(in + k + 8));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(bits + k), _mm256_permute4x64_epi64(packed, 0xd8));
  }
#endif
  for (; k < n; ++k) bits[k] = to_bfloat16(in[k]).bits;
}

inline void widen_span(float* out, const Half* in, int64_t n) {
  int64_t k = 0;
#if defined(__F16C__)
  for (; k + 8 <= n; k += 8) {
    _mm256_storeu_ps(out + k, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + k))));
  }
#elif defined(__aarch64__)
  for (; k + 4 <= n; k += 4) {
    vst1q_f32(out + k, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(reinterpret_cast<const uint16_t*>(in + k)))));
  }
#endif
  for (; k < n; ++k) out[k] = to_float(in[k]);
}

inline void narrow_span(Half* out, const float* in, int64_t n) {
  int64_t k = 0;
#if defined(__F16C__)
  for (; k + 8 <= n; k += 8) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + k),
                     _mm256_cvtps_ph(_mm256_loadu_ps(in + k), _MM_FROUND_TO_NEAREST_INT));
  }
#elif defined(__aarch64__)
  for (; k + 4 <= n; k += 4) {
    vst1_u16(reinterpret_cast<uint16_t*>(out + k), vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(in + k))));
  }
#endif
  for (; k < n; ++k) out[k] = to_half(in[k]);
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
