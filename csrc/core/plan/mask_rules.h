// How the masks of GridMix, SmoothMix, GMix and FMix are drawn. Their levels are own weights: 255 is the sample itself.
#pragma once

#include <cstdint>

#include "random/random.h"

namespace fastmix {

struct Interval {
  double least = 0.0, most = 0.0;
};

struct MaskRule {
  int32_t least_holes = 20, most_holes = 20;  // GridMix: across the crop
  Interval hole_aspect{1.0, 1.0};             // of a patch, height / width
  Interval crop_area{1.0, 1.0};               // share of the image's
  Interval crop_aspect{1.0, 1.0};             // height / width, over that of the image
  Interval sigma{0.25, 0.5};                  // SmoothMix: share of the image's side, sqrt(height * width)
  double decay = 3.0;                         // FMix: amplitude ~ 1 / frequency^decay
  double softness = 0.0;                      // FMix: half the share of pixels on the soft edge
};

void validate(const MaskRule& rule);

// Each fills height * width levels. `weight` is the share of own pixels that is aimed at.

// GridMix (Baek et al., 2021), as GridMixup draws it: a crop is cut into patches, and each patch has a hole at its
// first corner, of 1 - weight of its area, which shows the partner.
void draw_grid(const MaskRule& rule, int32_t height, int32_t width, double weight, RandomStream& draws,
               uint8_t* levels);
// SmoothMix (Lee et al., CVPRW 2020): the partner fades in around a point, as a Gaussian. It asks no weight.
void draw_smooth(const MaskRule& rule, int32_t height, int32_t width, RandomStream& draws, uint8_t* levels);
// GMix (Park et al., NeurIPS 2022): of the two, the one of less weight w' shows as exp(-pi d^2 / (w' height width)).
void draw_gaussian(int32_t height, int32_t width, double weight, RandomStream& draws, uint8_t* levels);
// FMix (Harris et al., 2020): where noise of decaying spectrum is highest the sample is kept, `weight` of the pixels.
void draw_fourier(const MaskRule& rule, int32_t height, int32_t width, double weight, RandomStream& draws,
                  uint8_t* levels);

}  // namespace fastmix
