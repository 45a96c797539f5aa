// From decoded images of different sizes to the training batch in one pass: window -> antialiased resampling ->
// mirror -> mix -> value * scale[c] + bias[c] -> float16, bfloat16 or float32, NCHW or NHWC, rounded once.
#pragma once

#include <cstdint>
#include <memory>

#include "base/dtype.h"
#include "base/job.h"
#include "normalize_mix/normalize_mix.h"
#include "plan/plan.h"

namespace fastmix {

// Antialiased: on the way down a filter is stretched by the scale, as Pillow does. Cubic has a = -0.5.
enum class Filter : int32_t { kNearest = 0, kTriangle = 1, kCubic = 2 };

struct SourceImage {
  const uint8_t* data = nullptr;  // height * width * channels bytes, HWC, densely packed
  int32_t height = 0;
  int32_t width = 0;
};

// The part of the source that fills the output, in source pixels; fractions are allowed. The filter reads pixels
// beside the window where the image has them, as Pillow's resize(box=) does. float32, as in Pillow.
struct Window {
  float y = 0, x = 0, height = 0, width = 0;
};

// Beyond this a position is not exact to a small part of a pixel in float32.
constexpr int32_t kMaxSourceSide = 1 << 20;

// Out of place, so partners may repeat. All arrays are on the host; mirror may be null (none). The box of the
// plan is in coordinates of the output, mirrored samples are mirrored before they are mixed.
struct ResampleMixParams {
  const SourceImage* images = nullptr;
  const Window* windows = nullptr;
  const uint8_t* mirror = nullptr;
  void* out = nullptr;  // densely packed batch
  DType out_dtype = DType::kF32;
  Layout out_layout = Layout::kNCHW;
  int32_t height = 0;
  int32_t width = 0;
  int32_t channels = 3;
  Filter filter = Filter::kTriangle;
  float scale[kMaxChannels] = {1, 1, 1, 1};
  float bias[kMaxChannels] = {0, 0, 0, 0};
  PlanView plan;
};

// As for normalize_mix: mean and std in pixel units, rounded to float32 by the caller.
void set_normalization(ResampleMixParams& params, const float* mean, const float* std, int32_t count);

// Borrows the arrays of `params` until the job is destroyed.
std::unique_ptr<CpuJob> resample_mix_cpu(const ResampleMixParams& params);

// One launch on `stream`, without synchronising. The arrays may be freed on return, the images not.
void resample_mix_cuda(const ResampleMixParams& params, CudaStream stream);

void validate(const ResampleMixParams& params);

// Whether a window has pixels and stays in an image of this size, but for a rounding error.
bool inside(const Window& window, int32_t height, int32_t width);

}  // namespace fastmix
