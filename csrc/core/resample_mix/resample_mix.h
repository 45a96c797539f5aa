// Turns decoded images of different sizes into a training batch in one pass: window -> antialiased resampling ->
// mirror -> mix -> value * scale[c] + bias[c] -> float16, bfloat16 or float32, NCHW or NHWC, rounded once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "augment/sample_plan.h"
#include "base/dtype.h"
#include "base/job.h"
#include "normalize_mix/normalize_mix.h"
#include "plan/plan.h"
#include "resample/source.h"

namespace fastmix {

// Writes to new memory, so partners may repeat. All arrays are on the host; `mirror` may be null. The plan's boxes are
// in output coordinates; its masks are stretched over the output. Mirroring comes before mixing.
struct ResampleMixParams {
  SourceArrays sources;
  const uint8_t* mirror = nullptr;
  void* out = nullptr;  // the batch, without gaps
  DType out_dtype = DType::kF32;
  Layout out_layout = Layout::kNCHW;
  int32_t height = 0;
  int32_t width = 0;
  int32_t channels = 3;
  float scale[kMaxChannels] = {1, 1, 1, 1};
  float bias[kMaxChannels] = {0, 0, 0, 0};
  PlanView plan;
  // If a sample plan is given here, images have three channels. They are resampled to uint8 as in resample.h, mirrored,
  // flipped and augmented, and then mixed. take_windows() copies the plan's windows and filters to `sources`.
  SamplePlanView samples;

  bool augments() const { return samples.words != nullptr; }
  // The parameters of normalize_mix for the resampled images, except the images themselves.
  NormalizeMixParams normalizing() const;
};

// Copies the filter and edges of each row of the sample plan to `sampling`. If the row has a window, copies it to
// `windows`. Throws Error if the plan is invalid, or if `given` is true (the caller passed windows) and a row has a
// window too.
void take_windows(const SamplePlanView& samples, bool given, Window* windows, Sampling* sampling);

// Sets scale and bias from mean and std in pixel units (0 to 255), which the caller has rounded to float32.
void set_normalization(ResampleMixParams& params, const float* mean, const float* std, int32_t count);

// Borrows the arrays of `params` until the job is destroyed.
std::unique_ptr<CpuJob> resample_mix_cpu(const ResampleMixParams& params);
// Makes the job if params.augments(). Callers use resample_mix_cpu(), which calls this.
std::unique_ptr<CpuJob> augmented_mix_cpu(const ResampleMixParams& params);

// Launches one kernel on `stream` without synchronising. Needs params.augments() to be false. The caller may free the
// arrays on return, but must keep the images until the kernel has read them.
void resample_mix_cuda(const ResampleMixParams& params, CudaStream stream);

// Returns `bytes` bytes of device memory, aligned to 16 bytes. The caller may free them in stream order as soon as
// launch_augmented_mix() has returned.
using ScratchAllocator = std::function<void*(int64_t bytes)>;

// Makes up to four launches on `stream` without synchronising. Needs params.augments() to be true. Calls `allocate`
// once.
void launch_augmented_mix(const ResampleMixParams& params, const ScratchAllocator& allocate, CudaStream stream);

void validate(const ResampleMixParams& params);

}  // namespace fastmix
