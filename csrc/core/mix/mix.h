// Mixing a batch: what crosses from the frameworks into the kernels, and the functions that run them.
// Sizes and strides are in elements. All pointers of a struct live on one device; the plan is on the host.
#pragma once

#include <cstdint>
#include <memory>

#include "base/dtype.h"
#include "base/job.h"
#include "plan/plan.h"

namespace fastmix {

// Mix whole samples of any shape: out[i] = weight * in[i] + (1 - weight) * in[partner[i]].
// Element e of a sample lies at pixel x = (e / pixel_stride) % width, y = (e / (pixel_stride * width)) % height:
// pixel_stride is 1 for (..., H, W) and C for channels_last. Masks with a depth take the row's frame into account,
// t = (e / (pixel_stride * width * height)) % depth.
struct MixParams {
  const void* const* in = nullptr;  // host array of `batch` pointers, one per sample
  void* out = nullptr;              // sample i starts at out + i * out_stride
  int64_t out_stride = 0;
  bool in_place = false;  // in[i] is out + i * out_stride, and the plan is a permutation or has others
  void* clean = nullptr;  // if not null, in[i] itself is written to clean + i * out_stride too (out of place)
  const void* const* others = nullptr;  // host array of plan.others pointers, if partners are rows of another batch
  bool gradient_of_others = false;      // of mix_backward: `out` has plan.others samples
  DType dtype = DType::kF32;
  int64_t elements = 0;  // of one sample
  int64_t pixel_stride = 1;
  int64_t width = 1;
  int64_t height = 1;
  int64_t depth = 1;
  PlanView plan;
  // On CUDA, in place: the plan in device memory (resident_plan.h). Of `plan`, the batch size alone is then read.
  const void* resident = nullptr;
};

// The transposed plan: grad_in[i] = W_i * g[i] + sum over j with partner[j] == i of (1 - W_j) * g[j].
// Uses MixParams with in = the gradients of the outputs and out = the gradients of the inputs, out of place. Where
// partners are rows of another batch, the sum is that batch's gradient (gradient_of_others) and the rest this one's.

std::unique_ptr<CpuJob> mix_cpu(const MixParams& params);
std::unique_ptr<CpuJob> mix_backward_cpu(const MixParams& params);

// One launch each, on `stream`, without synchronising; they throw CudaError when the launch is refused.
// The plan is copied into the launch, so the caller's arrays may be freed on return.
void mix_cuda(const MixParams& params, CudaStream stream);
void mix_backward_cuda(const MixParams& params, CudaStream stream);

// The checks that all faces share: sizes, the plan (partners, weights, boxes), overlapping samples.
void validate(const MixParams& params);

}  // namespace fastmix
