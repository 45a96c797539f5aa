// Chooses the loop for an output type. Each normalize_*.cc compiles this file for its instruction set (FM_ISA).
#pragma once

#include "base/with_type.h"
#include "normalize_mix/normalize_inl.h"
#include "normalize_mix/normalize_kernels.h"
#include "normalize_mix/normalize_levels_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

template <typename Factor>
void normalize(DType dtype, void* out, const uint8_t* own, const uint8_t* partner, float weight, Factor scale,
               Factor bias, int64_t n) {
  with_output_type(dtype, [&](auto zero) {
    using T = decltype(zero);
    T* const values = static_cast<T*>(out);
    if constexpr (sizeof(T) == 2) {
      normalize_16(values, own, partner, weight, scale, bias, n);
    } else {
      normalize_span(values, own, partner, weight, scale, bias, n);
    }
  });
}

void normalize_plane(DType dtype, void* out, const uint8_t* own, const uint8_t* partner, float weight, float scale,
                     float bias, int64_t n) {
  normalize(dtype, out, own, partner, weight, Constant{scale}, Constant{bias}, n);
}

void normalize_interleaved(DType dtype, void* out, const uint8_t* own, const uint8_t* partner, float weight,
                           const float* scale, const float* bias, int64_t n) {
  normalize(dtype, out, own, partner, weight, scale, bias, n);
}

template <typename Factor>
void normalize_levels(DType dtype, void* out, const uint8_t* own, const uint8_t* partner, const uint8_t* levels,
                      float inside, float outside, Factor scale, Factor bias, int64_t n) {
  with_output_type(dtype, [&](auto zero) {
    using T = decltype(zero);
    normalize_levels_span(static_cast<T*>(out), own, partner, levels, inside, outside, scale, bias, n);
  });
}

void normalize_levels_plane(DType dtype, void* out, const uint8_t* own, const uint8_t* partner, const uint8_t* levels,
                            float inside, float outside, float scale, float bias, int64_t n) {
  normalize_levels(dtype, out, own, partner, levels, inside, outside, Constant{scale}, Constant{bias}, n);
}

void normalize_levels_interleaved(DType dtype, void* out, const uint8_t* own, const uint8_t* partner,
                                  const uint8_t* levels, float inside, float outside, const float* scale,
                                  const float* bias, int64_t n) {
  normalize_levels(dtype, out, own, partner, levels, inside, outside, scale, bias, n);
}

constexpr NormalizeKernels make_normalize_kernels() {
  return {&normalize_plane, &normalize_interleaved, &normalize_levels_plane, &normalize_levels_interleaved};
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
