// Included by one .cc per instruction set, which sets FM_ISA and FM_ROWS (8 or 16 lanes). Written with the
// compiler's vector types, and intrinsics where it has no good code: every element goes through the same operations
// in the same order in all of them.
#pragma once

#include "resample_mix/resample_horizontal_inl.h"
#include "resample_mix/resample_vertical_inl.h"
#include "resample_mix/resample_write_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr ResampleKernels make_resample_kernels() { return {kRows, &vertical, &horizontal, &write}; }

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
