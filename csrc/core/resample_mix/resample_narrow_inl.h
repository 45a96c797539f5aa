// Rounds vectors once to the output's element type. Part of resample_kernels_inl.h.
#pragma once

#include "formula/mix_math.h"
#include "resample/vectors_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

FM_INLINE void narrow_row(float* out, Vector v) { memcpy(out, &v, sizeof(v)); }

// Stores the low 16 bits of each 32-bit lane.
FM_INLINE void store_halves(BFloat16* out, Integers v) {
#if defined(__AVX512F__)
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                      _mm512_maskz_cvtepi32_epi16(0xffff, reinterpret_cast<__m512i>(v)));
#elif defined(__AVX2__)
  const __m256i all = reinterpret_cast<__m256i>(v);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                   _mm_packus_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1)));
#else
  uint16_t halves[kRows];
  for (int j = 0; j < kRows; ++j) halves[j] = static_cast<uint16_t>(v[j]);
  memcpy(out, halves, sizeof(halves));
#endif
}

// Rounds as to_bfloat16() does, but does not handle NaN, which finite pixels, weights, scale and bias cannot give.
FM_INLINE void narrow_row(BFloat16* out, Vector v) {
  using Unsigned = uint32_t __attribute__((vector_size(4 * kRows)));
  const Unsigned bits = reinterpret_cast<Unsigned>(v);
  store_halves(out, reinterpret_cast<Integers>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16));
}

FM_INLINE void narrow_row(Half* out, Vector v) {
  float x[kRows];
  memcpy(x, &v, sizeof(v));
#if defined(__F16C__)
#pragma GCC unroll 2
  for (int j = 0; j < kRows; j += 8) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + j),
                     _mm256_cvtps_ph(_mm256_loadu_ps(x + j), _MM_FROUND_TO_NEAREST_INT));
  }
#else
  for (int j = 0; j < kRows; ++j) out[j] = to_half(x[j]);
#endif
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
