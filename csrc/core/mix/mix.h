// Mixes a batch and computes the gradient: the parameters and the functions that the torch and DALI layers call. Sizes
// and strides are in elements. All images that one of these structs points to are on one device; the plan is on the
// host.
#pragma once

#include <cstdint>
#include <memory>

#include "base/dtype.h"
#include "base/job.h"
#include "plan/plan.h"

namespace fastmix {

// out[i] = weight * in[i] + (1 - weight) * in[partner[i]], for whole samples of any shape.
// Element e of a sample is at pixel x = (e / pixel_stride) % width, y = (e / (pixel_stride * width)) % height.
// pixel_stride is 1 for (..., H, W) and C for channels_last. Masks of several frames use frame
// t = (e / (pixel_stride * width * height)) % depth.
struct MixParams {
  const void* const* in = nullptr;  // host array of `batch` pointers, one per sample
  void* out = nullptr;              // sample i starts at out + i * out_stride
  int64_t out_stride = 0;
  bool in_place = false;                // reads images from `out`; partners must form a permutation or be in `others`
  void* clean = nullptr;                // if not null, also receives in[i] at clean + i * out_stride (not in place)
  const void* const* others = nullptr;  // host array of plan.others pointers, if partners are rows of another batch
  bool gradient_of_others = false;      // mix_backward only: computes the other batch's gradient, plan.others samples
  DType dtype = DType::kF32;
  int64_t elements = 0;  // number of elements per sample
  int64_t pixel_stride = 1;
  int64_t width = 1;
  int64_t height = 1;
  int64_t depth = 1;
  PlanView plan;
};

std::unique_ptr<CpuJob> mix_cpu(const MixParams& params);
// The gradient: grad_in[i] = W_i * g[i] + sum over all j with partner[j] == i of (1 - W_j) * g[j], written to new
// memory. W_i is the weight of sample i, which may differ by element. `in` holds the gradients g of the outputs, `out`
// receives the gradients of the inputs. If partners are rows of another batch, one call computes W_i * g[i], the
// gradient of this batch. A second call with gradient_of_others computes the sum over j, the gradient of the other
// batch.
std::unique_ptr<CpuJob> mix_backward_cpu(const MixParams& params);

// Both functions launch one kernel on `stream` without synchronising, and throw CudaError if the launch fails. The
// launch copies the plan, so the caller may free the plan's arrays on return.
void mix_cuda(const MixParams& params, CudaStream stream);
void mix_backward_cuda(const MixParams& params, CudaStream stream);

// Throws Error for bad sizes, bad plans (partners, weights, boxes, masks) and samples that overlap in memory.
void validate(const MixParams& params);

}  // namespace fastmix
