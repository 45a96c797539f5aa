// The loops per output type. One .cc per instruction set includes this and sets FM_ISA.
#pragma once

#include "normalize_mix/normalize_inl.h"
#include "normalize_mix/normalize_kernels.h"
#include "normalize_mix/normalize_levels_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

// Every output type has a case here and in normalize_levels.
template <typename Factor>
void normalize(DType dtype, void* out, const uint8_t* own, const uint8_t* partner, float weight, Factor scale,
               Factor bias, int64_t n) {
  switch (dtype) {
    case DType::kF16:
      return normalize_16(static_cast<Half*>(out), own, partner, weight, scale, bias, n);
    case DType::kBF16:
      return normalize_16(static_cast<BFloat16*>(out), own, partner, weight, scale, bias, n);
    case DType::kF32:
      return normalize_span(static_cast<float*>(out), own, partner, weight, scale, bias, n);
    case DType::kU8:
    case DType::kF64:
      return;  // validate() refuses them
  }
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
  switch (dtype) {
    case DType::kF16:
      return normalize_levels_span(static_cast<Half*>(out), own, partner, levels, inside, outside, scale, bias, n);
    case DType::kBF16:
      return normalize_levels_span(static_cast<BFloat16*>(out), own, partner, levels, inside, outside, scale, bias, n);
    case DType::kF32:
      return normalize_levels_span(static_cast<float*>(out), own, partner, levels, inside, outside, scale, bias, n);
    case DType::kU8:
    case DType::kF64:
      return;  // validate() refuses them
  }
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
