// The window of the training preset: torchvision's RandomResizedCrop, drawn per sample.
#pragma once

#include <cstdint>

#include "plan/draw_key.h"

namespace fastmix {

struct CropSpec {
  double scale_min = 0.08, scale_max = 1.0;         // the window's share of the image's area
  double ratio_min = 3.0 / 4, ratio_max = 4.0 / 3;  // the window's width / height, log-uniform
  double mirror_prob = 0.5;
};

struct CropWindow {
  int32_t y = 0, x = 0, height = 0, width = 0;
  bool mirror = false;
};

void validate(const CropSpec& spec);
// Draws a window, which depends only on the arguments.
CropWindow random_resized_crop(const CropSpec& spec, int32_t height, int32_t width, const SampleKey& key);

}  // namespace fastmix
