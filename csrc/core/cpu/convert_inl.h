// 16-bit floats to float32 and back, many at a time. Part of kernels_inl.h.
#pragma once

#include "../dtype.h"

#if defined(__F16C__) || defined(__SSSE3__)
#include <immintrin.h>
#endif

namespace fastmix {
namespace FM_ISA {
namespace {

// Elements converted at a time through buffers that stay in the first-level cache.
constexpr int64_t kChunk = 64;

inline void widen_span(float* out, const BFloat16* in, int64_t n) {
  const auto* bits = reinterpret_cast<const uint16_t*>(in);
  for (int64_t k = 0; k < n; ++k) out[k] = to_float(BFloat16{bits[k]});
}

inline void narrow_span(BFloat16* out, const float* in, int64_t n) {
  auto* bits = reinterpret_cast<uint16_t*>(out);
  for (int64_t k = 0; k < n; ++k) bits[k] = to_bfloat16(in[k]).bits;
}

inline void widen_span(float* out, const Half* in, int64_t n) {
  int64_t k = 0;
#if defined(__F16C__)
  for (; k + 8 <= n; k += 8) {
    _mm256_storeu_ps(out + k, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + k))));
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
#endif
  for (; k < n; ++k) out[k] = to_half(in[k]);
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
