// Each augment_*.cc compiles this file for its instruction set (FM_ISA). The compiler vectorises the loops; intrinsics
// appear only where it cannot. Every function computes pixel_math.h's formulas, so all sets give the same bits.
#pragma once

#include "augment/augment_kernels.h"
#include "augment/blocks_inl.h"
#include "augment/color_inl.h"
#include "augment/layout_inl.h"
#include "augment/noise_inl.h"
#include "augment/row_warp_inl.h"
#include "augment/stencil_inl.h"
#include "augment/table_inl.h"
#include "augment/warp_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr AugmentKernels make_augment_kernels() {
  AugmentKernels kernels = {};
  kernels.look_up = &look_up;
  kernels.extremes = &extremes;
  kernels.luma_sum = &luma_sum;
  kernels.saturate = &saturate;
  kernels.turn_hue = &turn_hues;
  kernels.sharpen = &sharpen;
  kernels.blur_row = &blur_row;
  kernels.linear_row = &linear_row;
  kernels.cubic_row = &cubic_row;
  kernels.nearest_warp = &nearest_warp;
  kernels.linear_warp = &linear_warp;
  kernels.cubic_warp = &cubic_warp;
  kernels.accumulate = &accumulate;
  kernels.weighted_sum = &weighted_sum;
  kernels.normal_noise = &normal_noise;
  kernels.split = &split;
  kernels.merge = &merge;
  kernels.pack = &pack;
  kernels.unpack = &unpack;
  kernels.transpose = &transpose;
  kernels.reverse = &reverse;
  return kernels;
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
