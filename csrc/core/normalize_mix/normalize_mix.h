// Turns decoded pixels into a training batch in one pass: mirror -> mix -> normalise -> cast -> layout.
#pragma once

#include <cstdint>
#include <memory>

#include "base/dtype.h"
#include "base/job.h"
#include "plan/plan.h"

namespace fastmix {

enum class Layout : int32_t { kNCHW = 0, kNHWC = 1 };

// uint8 HWC -> mirror -> mix -> value * scale[c] + bias[c] -> float16, bfloat16 or float32, NCHW or NHWC.
// Writes to new memory, so partners may repeat. `in` and `mirror` are host arrays; `mirror` may be null.
struct NormalizeMixParams {
  const uint8_t* const* in = nullptr;  // sample i: height * width * channels bytes, densely packed
  void* out = nullptr;                 // the batch, without gaps
  DType out_dtype = DType::kF32;
  Layout out_layout = Layout::kNCHW;
  int64_t height = 0;
  int64_t width = 0;
  int32_t channels = 3;
  float scale[kMaxChannels] = {1, 1, 1, 1};
  float bias[kMaxChannels] = {0, 0, 0, 0};
  const uint8_t* mirror = nullptr;
  PlanView plan;  // if it is resident on the device, it holds the mirror flags, and `mirror` is unused
};

// Sets scale and bias from mean and std in pixel units (0 to 255). The torch and DALI layers pass the same float32
// numbers, so both normalise to the same bits.
void set_normalization(NormalizeMixParams& params, const float* mean, const float* std, int32_t count);

std::unique_ptr<CpuJob> normalize_mix_cpu(const NormalizeMixParams& params);

// Launches one kernel on `stream` without synchronising. Throws CudaError if the launch fails. The launch copies `in`,
// `mirror` and the plan's rows, so the caller may free these arrays on return.
void normalize_mix_cuda(const NormalizeMixParams& params, CudaStream stream);

// Throws Error for unsupported channels and dtypes, and for plans that do not fit the images.
void validate(const NormalizeMixParams& params);

}  // namespace fastmix
