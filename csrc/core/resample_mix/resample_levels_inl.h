// Turns rows of mask levels into columns of weights of the samples' own images. Part of resample_kernels_inl.h.
#pragma once

#include "formula/mix_math.h"
#include "resample_mix/resample_transpose_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

void level_columns(float* weights, const uint8_t* const* levels, float inside, float outside, int32_t n) {
  for (int32_t x = 0; x < n; x += kRows) {
    const int32_t count = n - x < kRows ? n - x : kRows;
    Vector v[kRows] = {};
    for (int r = 0; r < kRows; ++r) {
      for (int32_t j = 0; j < count; ++j) v[r][j] = mask_weight(levels[r][x + j], inside, outside);
    }
    transpose(v);
#pragma GCC unroll 16
    for (int j = 0; j < kRows; ++j) store(weights + int64_t{x + j} * kRows, v[j]);
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
