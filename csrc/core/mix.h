// What crosses from the frameworks into the kernels: two plain structs and the functions that run them.
// Sizes and strides are in elements. All pointers of a struct live on one device; the plan is on the host.
#pragma once

#include <cstdint>
#include <memory>

#include "dtype.h"
#include "plan.h"

struct CUstream_st;

namespace fastmix {

using CudaStream = CUstream_st*;

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

enum class Layout : int32_t { kNCHW = 0, kNHWC = 1 };

constexpr int32_t kMaxChannels = 4;

// uint8 HWC -> mirror -> mix -> value * scale[c] + bias[c] -> float16, bfloat16 or float32, NCHW or NHWC.
// Out of place, so partners may repeat. `in` and `mirror` are host arrays; mirror may be null (none).
struct NormalizeMixParams {
  const uint8_t* const* in = nullptr;  // sample i: height * width * channels bytes, densely packed
  void* out = nullptr;                 // densely packed batch
  DType out_dtype = DType::kF32;
  Layout out_layout = Layout::kNCHW;
  int64_t height = 0;
  int64_t width = 0;
  int32_t channels = 3;
  float scale[kMaxChannels] = {1, 1, 1, 1};
  float bias[kMaxChannels] = {0, 0, 0, 0};
  const uint8_t* mirror = nullptr;
  PlanView plan;
  // On CUDA: plan and mirror in device memory (resident_plan.h), the batch densely packed from in[0] on.
  const void* resident = nullptr;
};

// mean and std in pixel units (0 to 255), rounded to float32 by the caller: every face of fastmix hands in
// the same float32 numbers, so all of them normalise to the same bits.
void set_normalization(NormalizeMixParams& params, const float* mean, const float* std, int32_t count);

// The transposed plan: grad_in[i] = W_i * g[i] + sum over j with partner[j] == i of (1 - W_j) * g[j].
// Uses MixParams with in = the gradients of the outputs and out = the gradients of the inputs, out of place. Where
// partners are rows of another batch, the sum is that batch's gradient (gradient_of_others) and the rest this one's.

// A CPU job is cut into `tasks` that may run in any order on any threads: the caller owns the threads.
class CpuJob {
 public:
  virtual ~CpuJob() = default;
  virtual int64_t tasks() const = 0;
  virtual void run(int64_t begin, int64_t end) const = 0;
};
std::unique_ptr<CpuJob> mix_cpu(const MixParams& params);
std::unique_ptr<CpuJob> mix_backward_cpu(const MixParams& params);
std::unique_ptr<CpuJob> normalize_mix_cpu(const NormalizeMixParams& params);

// One launch each, on `stream`, without synchronising; they throw CudaError when the launch is refused.
// The plan is copied into the launch, so the caller's arrays may be freed on return.
void mix_cuda(const MixParams& params, CudaStream stream);
void mix_backward_cuda(const MixParams& params, CudaStream stream);
void normalize_mix_cuda(const NormalizeMixParams& params, CudaStream stream);

// The checks that all faces share: sizes, the plan (partners, weights, boxes), overlapping samples.
void validate(const MixParams& params);
void validate(const NormalizeMixParams& params);

}  // namespace fastmix
