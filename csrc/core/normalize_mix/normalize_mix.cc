#include "normalize_mix/normalize_mix.h"

#include <cmath>

#include "base/error.h"

namespace fastmix {

void set_normalization(NormalizeMixParams& params, const float* mean, const float* std, int32_t count) {
  check(params.channels >= 1 && params.channels <= kMaxChannels, "normalize_mix: expected 1 to ", kMaxChannels,
        " channels, got ", params.channels);
  check(count == 1 || count == params.channels, "normalize_mix: expected 1 or ", params.channels,
        " values in mean and std, got ", count);
  for (int32_t c = 0; c < params.channels; ++c) {
    const double m = mean[count == 1 ? 0 : c];
    const double s = std[count == 1 ? 0 : c];
    check(std::isfinite(m) && std::isfinite(s) && s > 0.0, "normalize_mix: expected finite mean and std > 0, got mean ",
          m, " and std ", s, " for channel ", c);
    params.scale[c] = static_cast<float>(1.0 / s);
    params.bias[c] = static_cast<float>(-m / s);
  }
}

void validate(const NormalizeMixParams& params) {
  check(params.channels >= 1 && params.channels <= kMaxChannels, "normalize_mix: expected 1 to ", kMaxChannels,
        " channels, got ", params.channels);
  check(params.out_dtype == DType::kF16 || params.out_dtype == DType::kBF16 || params.out_dtype == DType::kF32,
        "normalize_mix: expected dtype float16, bfloat16 or float32, got ", name_of(params.out_dtype));
  check(!has_any_mask(params.plan) || params.plan.mask.extent.depth == 1,
        "normalize_mix: expected masks (M, h, w) for images, got masks of ", params.plan.mask.extent.depth, " frames");
  validate(params.plan, params.height, params.width, false);
}

}  // namespace fastmix
