// Mixes with a weight per element, given as mask levels. Part of kernels_inl.h.
#pragma once

#include "base/with_type.h"
#include "formula/mix_math.h"
#include "simd/convert_inl.h"
#include "simd/level_weights_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

// All overloads copy the bits of one image for weights 0 and 1. For uint8 the blend itself does so, because it is
// exact.
inline void blend_weighted(uint8_t* out, const uint8_t* own, const uint8_t* partner, const float* weights, int64_t n) {
#pragma GCC ivdep
  for (int64_t k = 0; k < n; ++k) {
    out[k] = narrow<uint8_t>(blend(widen(own[k]), widen(partner[k]), static_cast<double>(weights[k])));
  }
}

template <typename T16>
void blend_weighted_16(T16* out, const T16* own, const T16* partner, const float* weights, int64_t n) {
  float x[kChunk], y[kChunk];
  uint16_t copied[kChunk], copies[kChunk];
  widen_span(x, own, n);
  widen_span(y, partner, n);
  for (int64_t k = 0; k < n; ++k) {
    copied[k] = weights[k] == 1.0f ? own[k].bits : partner[k].bits;
    copies[k] = weights[k] == 1.0f || weights[k] == 0.0f ? 0xffff : 0;
  }
  for (int64_t k = 0; k < n; ++k) x[k] = round_to_odd(blend(x[k], y[k], static_cast<double>(weights[k])));
  narrow_span(out, x, n);
  for (int64_t k = 0; k < n; ++k) {
    out[k].bits = static_cast<uint16_t>((copied[k] & copies[k]) | (out[k].bits & ~copies[k]));
  }
}
inline void blend_weighted(Half* out, const Half* own, const Half* partner, const float* weights, int64_t n) {
  blend_weighted_16(out, own, partner, weights, n);
}
inline void blend_weighted(BFloat16* out, const BFloat16* own, const BFloat16* partner, const float* weights,
                           int64_t n) {
  blend_weighted_16(out, own, partner, weights, n);
}

template <typename T>
void blend_weighted(T* out, const T* own, const T* partner, const float* weights, int64_t n) {
#pragma GCC ivdep
  for (int64_t k = 0; k < n; ++k) {
    const T mixed = narrow<T>(blend(widen(own[k]), widen(partner[k]), static_cast<double>(weights[k])));
    out[k] = weights[k] == 1.0f ? own[k] : weights[k] == 0.0f ? partner[k] : mixed;
  }
}

template <typename T>
void mix_levels_span(void* out, const void* own, const void* partner, const uint8_t* levels, float inside,
                     float outside, int64_t n) {
  float weights[kChunk];
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = n - begin < kChunk ? n - begin : kChunk;
    weights_of(weights, levels + begin, inside, outside, count);
    blend_weighted(static_cast<T*>(out) + begin, static_cast<const T*>(own) + begin,
                   static_cast<const T*>(partner) + begin, weights, count);
  }
}

void mix_levels(DType dtype, void* out, const void* own, const void* partner, const uint8_t* levels, float inside,
                float outside, int64_t n) {
  with_element_type(dtype,
                    [&](auto zero) { mix_levels_span<decltype(zero)>(out, own, partner, levels, inside, outside, n); });
}

template <typename T>
void accumulate_levels_span(double* acc, const T* x, const uint8_t* levels, float inside, float outside,
                            bool as_partner, int64_t n) {
  float weights[kChunk];
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = n - begin < kChunk ? n - begin : kChunk;
    weights_of(weights, levels + begin, inside, outside, count);
#pragma GCC ivdep
    for (int64_t k = 0; k < count; ++k) {
      const double own = weights[k];
      const double weight = as_partner ? 1.0 - own : own;
      const double sum = acc[begin + k] + weight * widen(x[begin + k]);
      acc[begin + k] = weight == 0.0 ? acc[begin + k] : sum;
    }
  }
}

void accumulate_levels(DType dtype, double* acc, const void* x, const uint8_t* levels, float inside, float outside,
                       bool as_partner, int64_t n) {
  with_element_type(dtype, [&](auto zero) {
    using T = decltype(zero);
    accumulate_levels_span(acc, static_cast<const T*>(x), levels, inside, outside, as_partner, n);
  });
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
