#include "pixels.h"

#include <cmath>

#include "base/error.h"
#include "huge_pages.h"

namespace fastmix {

namespace {

std::vector<float> per_channel(const char* op, const char* name, const std::vector<double>& values, int64_t channels,
                               bool positive) {
  check(static_cast<int64_t>(values.size()) == channels, op, ": expected ", name, " with one value per channel (",
        channels, "), got ", values.size());
  std::vector<float> rounded(values.begin(), values.end());
  for (const float value : rounded) {
    check(std::isfinite(value) && (!positive || value > 0.0f), op, ": expected ", name,
          positive ? " > 0 and finite, got " : " finite, got ", value);
  }
  return rounded;
}

}  // namespace

void check_pixels(const char* op, const Tensor& images) {
  check_batch(op, "images", images);
  check(images.dim() == 4 && images.scalar_type() == ScalarType::Byte, op,
        ": expected images of dtype uint8 and shape (B, H, W, C), got ",
        torch::headeronly::toString(images.scalar_type()), " ", shape_of(images));
  check_channels(op, images.size(3));
}

void check_channels(const char* op, int64_t channels) {
  check(channels >= 1 && channels <= kMaxChannels, op, ": expected 1 to ", kMaxChannels,
        " channels in the last dimension of images, got ", channels);
}

void check_output(const char* op, ScalarType dtype) {
  check(dtype == ScalarType::Half || dtype == ScalarType::BFloat16 || dtype == ScalarType::Float, op,
        ": expected dtype float16, bfloat16 or float32, got ", torch::headeronly::toString(dtype));
}

Normalization normalization_of(const char* op, const std::vector<double>& mean, const std::vector<double>& std,
                               int64_t channels) {
  return {per_channel(op, "mean", mean, channels, false), per_channel(op, "std", std, channels, true)};
}

NormalizeMixParams normalize_params(const char* op, const Tensor& images, const Normalization& normalization,
                                    ScalarType dtype, bool channels_last) {
  NormalizeMixParams params;
  params.plan.batch = static_cast<int32_t>(images.size(0));
  params.out_dtype = dtype_of(op, dtype);
  params.out_layout = channels_last ? Layout::kNHWC : Layout::kNCHW;
  params.height = images.size(1);
  params.width = images.size(2);
  params.channels = static_cast<int32_t>(images.size(3));
  set_normalization(params, normalization.mean.data(), normalization.std.data(), params.channels);
  return params;
}

Tensor empty_batch(int64_t batch, int64_t channels, int64_t height, int64_t width, ScalarType dtype,
                   const Tensor& images, bool channels_last) {
  return with_huge_pages(torch::stable::empty({batch, channels, height, width}, dtype, std::nullopt, images.device(),
                                              std::nullopt,
                                              channels_last ? MemoryFormat::ChannelsLast : MemoryFormat::Contiguous));
}

}  // namespace fastmix
