// The rules that place a sample's box.
#pragma once

#include <cstdint>

#include "random/random.h"

namespace fastmix {

// In pixels; y1 and x1 are exclusive.
struct Box {
  int32_t y0 = 0, x0 = 0, y1 = 0, x1 = 0;
  double pixels() const { return static_cast<double>(y1 - y0) * (x1 - x0); }
};

// A box in frames t0 ... t1 - 1.
struct Cuboid {
  int32_t t0 = 0, t1 = 0;
  Box box;
};

enum class Placement : int32_t {
  // Center uniform in the image, box clipped at the border (Yun et al., ICCV 2019).
  kClipped = 0,
  // Uniform over all places that touch the image, then clipped: covers every pixel equally often.
  kCoverage = 1,
  // Uniform over the places where the whole box lies in the image.
  kInside = 2,
  // Each side uniform between two shares of the image's side; the whole box lies in the image. The drawn weight is
  // ignored.
  kMinMax = 3,
  // The given box. The drawn weight is ignored.
  kFixed = 4,
  // A range of whole rows, uniform over the places where it lies in the image.
  kRows = 5,
  // A range of whole columns, likewise. In a spectrogram (frequency, time) it is a range of time.
  kColumns = 6,
  // A range of whole frames, likewise.
  kFrames = 7,
  // As kClipped, with a range of frames too.
  kCuboid = 8,
};

struct BoxRule {
  Placement placement = Placement::kClipped;
  double least_side = 0.0;
  double most_side = 1.0;
  Box fixed;
};

void validate(const BoxRule& rule);
// Refuses a fixed box that leaves the image.
void validate(const BoxRule& rule, int32_t height, int32_t width);

// Draws a box with a share of `area` of the image before clipping, if the rule uses the area. The box may be empty.
Box draw_box(const BoxRule& rule, int32_t height, int32_t width, double area, RandomStream& draws);

// Whether a rule chooses frames too. draw_cuboid is for these rules, draw_box for all others.
inline bool chooses_frames(const BoxRule& rule) {
  return rule.placement == Placement::kFrames || rule.placement == Placement::kCuboid;
}
Cuboid draw_cuboid(const BoxRule& rule, int32_t frames, int32_t height, int32_t width, double volume,
                   RandomStream& draws);

}  // namespace fastmix
