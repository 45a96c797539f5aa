#include "resample_mix/resample_mix.h"

#include <algorithm>

#include "augment/tables.h"
#include "augment/warp.h"
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

NormalizeMixParams ResampleMixParams::normalizing() const {
  NormalizeMixParams same;
  same.out = out;
  same.out_dtype = out_dtype;
  same.out_layout = out_layout;
  same.height = height;
  same.width = width;
  same.channels = channels;
  std::copy_n(scale, kMaxChannels, same.scale);
  std::copy_n(bias, kMaxChannels, same.bias);
  same.plan = plan;
  return same;
}

void validate(const ResampleMixParams& params) {
  check(params.out_dtype == DType::kF16 || params.out_dtype == DType::kBF16 || params.out_dtype == DType::kF32,
        "resample_mix: expected dtype float16, bfloat16 or float32, got ", name_of(params.out_dtype));
  check_sources("resample_mix", params.sources, params.plan.batch, params.channels, params.height, params.width);
  check(!has_any_mask(params.plan) || params.plan.mask.extent.depth == 1,
        "resample_mix: expected masks (M, h, w) for images, got masks of ", params.plan.mask.extent.depth, " frames");
  validate(params.plan, params.height, params.width, false);
  if (!params.augments()) return;
  check(params.channels == kColors, "resample_mix: expected images of ", kColors, " channels with a sample plan, got ",
        params.channels);
  check(params.height <= kMostSide && params.width <= kMostSide, "resample_mix: expected an output of at most ",
        kMostSide, " pixels a side with a sample plan, got ", params.height, " x ", params.width);
  validate_sizes("resample_mix", params.samples, params.height, params.width);
  validate_erasing("resample_mix", params.samples);
}

void take_windows(const SamplePlanView& samples, bool given, Window* windows, Sampling* sampling) {
  validate("resample_mix", samples);
  for (int32_t i = 0; i < samples.batch; ++i) {
    const SampleRow& row = samples.row(i);
    sampling[i] = {static_cast<Filter>(row.flags >> 8 & 15), (row.flags & 4) != 0 ? Edges::kImage : Edges::kCrop};
    if (row.window[2] == 0 && row.window[3] == 0) continue;
    check(!given, "resample_mix: expected windows as an argument or in the sample plan, got both for sample ", i);
    windows[i] = {static_cast<float>(row.window[0]), static_cast<float>(row.window[1]),
                  static_cast<float>(row.window[2]), static_cast<float>(row.window[3])};
  }
}

}  // namespace fastmix
