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
  check(params.out_dtype == DType::kF16 || params.out_dtype == DType::kBF16 || params.out_dtype == DType::kF32,
        "resample_mix: expected dtype float16, bfloat16 or float32, got ", name_of(params.out_dtype));
  check_sources("resample_mix", params.sources, params.plan.batch, params.channels, params.height, params.width);
  check(!has_any_mask(params.plan) || params.plan.mask.extent.depth == 1,
        "resample_mix: expected masks (M, h, w) for images, got ", params.plan.mask.extent.depth, " frames");
  validate(params.plan, params.height, params.width, false);
}

}  // namespace fastmix
