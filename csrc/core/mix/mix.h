// Mixes a batch and computes the gradient: the parameters and the functions that the torch and DALI layers call.
// Sizes and strides are in elements. A struct's image pointers are on one device; the plan is on the host.
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
  bool in_place = false;                // in[i] is out + i * out_stride; partners form a permutation or are in `others`
  void* clean = nullptr;                // out of place: if not null, also copies in[i] to clean + i * out_stride
  const void* const* others = nullptr;  // host array of plan.others pointers, if partners are rows of another batch
  bool gradient_of_others = false;      // mix_backward only: `out` has plan.others samples
  DType dtype = DType::kF32;
  int64_t elements = 0;  // per sample
  int64_t pixel_stride = 1;
  int64_t width = 1;
  int64_t height = 1;
  int64_t depth = 1;
  PlanView plan;
};

std::unique_ptr<CpuJob> mix_cpu(const MixParams& params);
// The gradient: grad_in[i] = W_i * g[i] + sum over j with partner[j] == i of (1 - W_j) * g[j], out of place. `in` holds
// the gradients g of the outputs, `out` those of the inputs. If partners are rows of another batch, the sum is that
// batch's gradient (gradient_of_others), and W_i * g[i] is this one's.
std::unique_ptr<CpuJob> mix_backward_cpu(const MixParams& params);

// Launch one kernel on `stream` without synchronising. Throw CudaError if the launch fails. The launch copies the plan,
// so the caller may free its arrays on return.
void mix_cuda(const MixParams& params, CudaStream stream);
void mix_backward_cuda(const MixParams& params, CudaStream stream);

// Refuses bad sizes, bad plans (partners, weights, boxes, masks) and overlapping samples.
void validate(const MixParams& params);

}  // namespace fastmix
