#include "plan/random_resized_crop.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "formula/exact_math.h"

namespace fastmix {

namespace {

constexpr int kAttempts = 10;

int32_t round_side(double side) { return static_cast<int32_t>(std::floor(side + 0.5)); }

// torchvision's fallback: the largest centered window with width / height in [ratio_min, ratio_max].
CropWindow center_window(const CropSpec& spec, int32_t height, int32_t width) {
  const double ratio = static_cast<double>(width) / height;
  CropWindow window;
  window.height = height;
  window.width = width;
  if (ratio < spec.ratio_min) window.height = std::clamp(round_side(width / spec.ratio_min), 1, height);
  if (ratio > spec.ratio_max) window.width = std::clamp(round_side(height * spec.ratio_max), 1, width);
  window.y = (height - window.height) / 2;
  window.x = (width - window.width) / 2;
  return window;
}

}  // namespace

void validate(const CropSpec& spec) {
  check(spec.scale_min > 0 && spec.scale_min <= spec.scale_max && spec.scale_max <= 1,
        "random_resized_crop: expected 0 < scale[0] <= scale[1] <= 1, got (", spec.scale_min, ", ", spec.scale_max,
        ")");
  check(spec.ratio_min > 0 && spec.ratio_min <= spec.ratio_max && std::isfinite(spec.ratio_max),
        "random_resized_crop: expected 0 < ratio[0] <= ratio[1], got (", spec.ratio_min, ", ", spec.ratio_max, ")");
  check(spec.mirror_prob >= 0 && spec.mirror_prob <= 1, "random_resized_crop: expected mirror_prob in [0, 1], got ",
        spec.mirror_prob);
}

CropWindow random_resized_crop(const CropSpec& spec, int32_t height, int32_t width, const SampleKey& key) {
  check(height > 0 && width > 0, "random_resized_crop: expected height and width of the image > 0, got height ", height,
        " and width ", width);
  RandomStream stream = stream_of(key, Purpose::kCrop);
  const bool mirror = stream.uniform() < spec.mirror_prob;
  const double log_ratio_min = exact_log(spec.ratio_min);
  const double log_ratio_max = exact_log(spec.ratio_max);
  const double image_area = static_cast<double>(height) * width;
  CropWindow window;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double area = image_area * (spec.scale_min + (spec.scale_max - spec.scale_min) * stream.uniform());
    const double ratio = exact_exp(log_ratio_min + (log_ratio_max - log_ratio_min) * stream.uniform());
    const double w = std::floor(std::sqrt(area * ratio) + 0.5);
    const double h = std::floor(std::sqrt(area / ratio) + 0.5);
    if (w < 1 || h < 1 || w > width || h > height) continue;
    window.width = static_cast<int32_t>(w);
    window.height = static_cast<int32_t>(h);
    window.y = static_cast<int32_t>(stream.below(height - window.height + 1));
    window.x = static_cast<int32_t>(stream.below(width - window.width + 1));
    window.mirror = mirror;
    return window;
  }
  window = center_window(spec, height, width);
  window.mirror = mirror;
  return window;
}

}  // namespace fastmix
