// Mixes and normalises with a weight per element, given as mask levels. Part of normalize_kernels_inl.h.
#pragma once

#include <cstring>

#include "normalize_mix/normalize_inl.h"
#include "simd/level_weights_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

inline void put_span(Half* out, const float* x, int64_t n) { narrow_span(out, x, n); }
inline void put_span(BFloat16* out, const float* x, int64_t n) { narrow_span(out, x, n); }
inline void put_span(float* out, const float* x, int64_t n) { memcpy(out, x, n * sizeof(float)); }

template <typename T, typename Factor>
void normalize_levels_span(T* out, const uint8_t* own, const uint8_t* partner, const uint8_t* levels, float inside,
                           float outside, Factor scale, Factor bias, int64_t n) {
  float weights[kChunk], x[kChunk];
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = n - begin < kChunk ? n - begin : kChunk;
    weights_of(weights, levels + begin, inside, outside, count);
    for (int64_t k = 0; k < count; ++k) {
      const int64_t at = begin + k;
      x[k] = normalize_element(own[at], partner[at], weights[k], scale[at], bias[at]);
    }
    put_span(out + begin, x, count);
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
