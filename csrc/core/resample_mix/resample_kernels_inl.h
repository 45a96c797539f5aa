// Each resample_*.cc compiles this file for its instruction set (FM_ISA), with vectors of FM_ROWS floats (8 or 16). The
// code uses the compiler's vector types, and intrinsics where the compiler's code is slow. All instruction sets apply
// the same operations in the same order to every element.
#pragma once

#include "resample_mix/resample_horizontal_inl.h"
#include "resample_mix/resample_levels_inl.h"
#include "resample_mix/resample_vertical_inl.h"
#include "resample_mix/resample_write_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr ResampleKernels make_resample_kernels() { return {kRows, &vertical, &horizontal, &level_columns, &write}; }

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
