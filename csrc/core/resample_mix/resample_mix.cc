#include "resample_mix/resample_mix.h"

#include "base/error.h"

namespace fastmix {

void set_normalization(ResampleMixParams& params, const float* mean, const float* std, int32_t count) {
  NormalizeMixParams same;
  same.channels = params.channels;
  set_normalization(same, mean, std, count);
  for (int32_t c = 0; c < params.channels; ++c) {
    params.scale[c] = same.scale[c];
    params.bias[c] = same.bias[c];
  }
}

void validate(const ResampleMixParams& params) {
  check(params.channels >= 1 && params.channels <= kMaxChannels, "resample_mix: expected 1 to ", kMaxChannels,
        " channels, got ", params.channels);
  check(params.out_dtype == DType::kF16 || params.out_dtype == DType::kBF16 || params.out_dtype == DType::kF32,
        "resample_mix: expected dtype float16, bfloat16 or float32, got ", name_of(params.out_dtype));
  check(params.height >= 1 && params.width >= 1 && params.height <= kMaxSourceSide && params.width <= kMaxSourceSide,
        "resample_mix: expected an output of 1 to ", kMaxSourceSide, " pixels a side, got ", params.height, " x ",
        params.width);
  for (int32_t i = 0; i < params.plan.batch; ++i) {
    const SourceImage& image = params.images[i];
    check(image.height >= 1 && image.width >= 1 && image.height <= kMaxSourceSide && image.width <= kMaxSourceSide,
          "resample_mix: expected images of 1 to ", kMaxSourceSide, " pixels a side, got ", image.height, " x ",
          image.width, " for sample ", i);
    const Window& w = params.windows[i];
    check(inside(w, image.height, image.width),
          "resample_mix: expected a window (y, x, height, width) inside the image of ", image.height, " x ",
          image.width, " pixels, got (", w.y, ", ", w.x, ", ", w.height, ", ", w.width, ") for sample ", i);
  }
  check(!has_any_mask(params.plan) || params.plan.mask.extent.depth == 1,
        "resample_mix: expected masks (M, h, w) for images, got ", params.plan.mask.extent.depth, " frames");
  validate(params.plan, params.height, params.width, false);
}

}  // namespace fastmix
