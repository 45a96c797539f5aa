// Functions that the launches of mix and mix_backward share, with and without masks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/error.h"
#include "cuda/kernel_plan_launch.h"
#include "cuda/pixels.h"
#include "mix/mix.h"

namespace fastmix {

// The kernels for plans with masks. They are separate, so that plans without masks run kernels with fewer registers.
void mix_masked_cuda(const MixParams& params, CudaStream stream);
void mix_backward_masked_cuda(const MixParams& params, CudaStream stream);

// Returns pointers to the images that the kernel reads. The samples come first. If partners are rows of another batch,
// the partners of samples 0, 1, ... come after all samples.
inline std::vector<const void*> read_pointers(const MixParams& params) {
  std::vector<const void*> pointers;
  const PlanView& plan = params.plan;
  pointers.assign(params.in, params.in + plan.batch);
  for (int32_t i = 0; params.others != nullptr && i < plan.batch; ++i)
    pointers.push_back(params.others[plan.rows[i].partner]);
  return pointers;
}

// Throws Error for a plan with boxes if height, width or interleaved channels exceed 2^30: kernels compare coordinates
// in 32 bits.
inline PixelGrid pixel_grid(const MixParams& params) {
  constexpr int64_t kMost = 1 << 30;
  check(!has_any_box(params.plan) || (params.pixel_stride <= kMost && params.width <= kMost && params.height <= kMost),
        "mix: expected height, width and interleaved channels of at most ", kMost,
        " for a plan with boxes, got height ", params.height, ", width ", params.width, " and interleaved channels ",
        params.pixel_stride, "; mix this batch on the CPU");
  // Without a box the kernel does not read the grid, so larger sizes may be clamped.
  const auto divisor = [&](int64_t size) { return Divisor(static_cast<int32_t>(std::clamp<int64_t>(size, 1, kMost))); };
  return {divisor(params.pixel_stride), divisor(params.width), divisor(params.height)};
}

}  // namespace fastmix
