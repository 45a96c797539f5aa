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

// Out of place, so partners may repeat. All arrays are on the host; `mirror` may be null. The plan's boxes are in
// output coordinates; its masks are stretched over the output. Mirroring comes before mixing.
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
  // With rows, images of three channels are resampled to uint8 with Pillow's bits (resample.h), mirrored, flipped and
  // augmented, and then mixed. Its windows and filters are in `sources`: see take_windows.
  SamplePlanView samples;

  bool augments() const { return samples.words != nullptr; }
  // What normalize_mix does after the images are resampled; its inputs are missing.
  NormalizeMixParams normalizing() const;
};

// Copies the filter and edges of each row of the sample plan to `sampling`, and its window, if it has one, to
// `windows`. `given` says that the caller has windows already: then rows with a window are refused. Refuses bad plans.
void take_windows(const SamplePlanView& samples, bool given, Window* windows, Sampling* sampling);

// As in normalize_mix: mean and std are in pixel units, rounded to float32 by the caller.
void set_normalization(ResampleMixParams& params, const float* mean, const float* std, int32_t count);

// Borrows the arrays of `params` until the job is destroyed.
std::unique_ptr<CpuJob> resample_mix_cpu(const ResampleMixParams& params);
// The job for parameters with a sample plan.
std::unique_ptr<CpuJob> augmented_mix_cpu(const ResampleMixParams& params);

// Launches one kernel on `stream` without synchronising. The caller may free the arrays on return, but not the images.
// Not for parameters that augment.
void resample_mix_cuda(const ResampleMixParams& params, CudaStream stream);

// Returns device memory of this size, aligned to 16 bytes. It may be freed in the order of the stream after the call
// that asked for it.
using ScratchAllocator = std::function<void*(int64_t bytes)>;

// For parameters that augment: up to four launches on `stream` without synchronising. Asks for memory once.
void launch_augmented_mix(const ResampleMixParams& params, const ScratchAllocator& allocate, CudaStream stream);

void validate(const ResampleMixParams& params);

}  // namespace fastmix
