// Draws the masks of GridMix, SmoothMix, GMix and FMix. A mask has one level per pixel: 255 shows the sample, 0 its
// partner, and levels between them blend both.
#pragma once

#include <cstdint>

#include "random/random.h"

namespace fastmix {

struct Interval {
  double least = 0.0, most = 0.0;
};

struct MaskRule {
  int32_t least_holes = 20, most_holes = 20;  // GridMix: number of holes across the crop's width
  Interval hole_aspect{1.0, 1.0};             // GridMix: height / width of a hole, as of its patch
  Interval crop_area{1.0, 1.0};               // GridMix: the crop's share of the image's area
  Interval crop_aspect{1.0, 1.0};             // GridMix: the crop's height / width, relative to the image's
  Interval sigma{0.25, 0.5};                  // SmoothMix: standard deviation, in units of sqrt(height * width)
  double decay = 3.0;                         // FMix: a wave's amplitude is proportional to 1 / frequency^decay
  double softness = 0.0;                      // FMix: the soft edge takes at most the share 2 * softness of the pixels
};

void validate(const MaskRule& rule);

// Each function fills height * width levels. With an argument `weight`, it aims at a mean level of 255 * weight.

// GridMix (Baek et al., 2021) as the package GridMixup draws it: cuts a crop into patches. The partner shows through a
// hole at the upper left of each patch. The hole takes 1 - weight of the patch.
void draw_grid(const MaskRule& rule, int32_t height, int32_t width, double weight, RandomStream& draws,
               uint8_t* levels);
// SmoothMix (Lee et al., CVPRW 2020): the partner fades in around a point as a Gaussian. The drawn weight is not used.
void draw_smooth(const MaskRule& rule, int32_t height, int32_t width, RandomStream& draws, uint8_t* levels);
// GMix (Park et al., NeurIPS 2022): a Gaussian around a random point. Of both images, the one with the smaller weight
// w' gets the weight exp(-pi d^2 / (w' height width)) at distance d from the point.
void draw_gaussian(int32_t height, int32_t width, double weight, RandomStream& draws, uint8_t* levels);
// FMix (Harris et al., 2020): keeps the sample in the share `weight` of pixels where the noise is highest.
void draw_fourier(const MaskRule& rule, int32_t height, int32_t width, double weight, RandomStream& draws,
                  uint8_t* levels);

}  // namespace fastmix
