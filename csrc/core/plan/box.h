// The rules that place a sample's box.
#pragma once

#include <cstdint>

#include "random/random.h"

namespace fastmix {

// A box in pixels; y1 and x1 are exclusive.
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
  // The box's centre is uniform in the image, and the border clips the box (Yun et al., ICCV 2019).
  kClipped = 0,
  // The box is uniform over all places that touch the image, then clipped, so it covers every pixel equally often.
  kCoverage = 1,
  // The box is uniform over the places where all of it lies in the image.
  kInside = 2,
  // Each side of the box is drawn uniformly between two shares of the image's side, least_side and most_side. The whole
  // box lies in the image. The drawn weight is ignored.
  kMinMax = 3,
  // The box is given. The drawn weight is ignored.
  kFixed = 4,
  // The box is a range of whole rows, uniform over the places where all of it lies in the image.
  kRows = 5,
  // The box is a range of whole columns, uniform over the places where all of it lies in the image. In a spectrogram
  // (frequency, time) it is a range of time.
  kColumns = 6,
  // The box is a range of whole frames, uniform over the places where all of it lies in the video.
  kFrames = 7,
  // The box has a range of frames, rows and columns. Its centre is uniform in the video, and the borders clip it.
  kCuboid = 8,
};

struct BoxRule {
  Placement placement = Placement::kClipped;
  double least_side = 0.0;
  double most_side = 1.0;
  Box fixed;
};

void validate(const BoxRule& rule);
// Throws Error if a fixed box leaves the image.
void validate(const BoxRule& rule, int32_t height, int32_t width);

// Draws a box, which may be empty. If the rule uses `area`, the box takes this share of the image before it is clipped.
Box draw_box(const BoxRule& rule, int32_t height, int32_t width, double area, RandomStream& draws);

// Whether a rule chooses frames too. draw_cuboid is for these rules, draw_box for all others.
inline bool chooses_frames(const BoxRule& rule) {
  return rule.placement == Placement::kFrames || rule.placement == Placement::kCuboid;
}
Cuboid draw_cuboid(const BoxRule& rule, int32_t frames, int32_t height, int32_t width, double volume,
                   RandomStream& draws);

}  // namespace fastmix
