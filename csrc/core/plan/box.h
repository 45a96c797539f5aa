// Where the box of a sample lies.
#pragma once

#include <cstdint>

#include "random/random.h"

namespace fastmix {

// Half open, in pixels.
struct Box {
  int32_t y0 = 0, x0 = 0, y1 = 0, x1 = 0;
  double pixels() const { return static_cast<double>(y1 - y0) * (x1 - x0); }
};

// A box in frames t0 ... t1 - 1 only.
struct Cuboid {
  int32_t t0 = 0, t1 = 0;
  Box box;
};

enum class Placement : int32_t {
  kClipped = 0,  // center uniform in the image, box clipped at the border (Yun et al., ICCV 2019)
  kCoverage =
      1,  // first edge uniform over all places that touch the image, clipped: every pixel is covered equally often
  kInside = 2,   // uniform over the places where the whole box lies in the image
  kMinMax = 3,   // sides uniform between two shares of the image's, whole box in the image; the weight is not asked
  kFixed = 4,    // the given box; the weight is not asked
  kRows = 5,     // whole rows, the range uniform over the places where it lies in the image
  kColumns = 6,  // whole columns, likewise: of a spectrogram (frequency, time), a range of time
  kFrames = 7,   // whole frames, likewise
  kCuboid = 8,   // as kClipped, over frames too
};

struct BoxRule {
  Placement placement = Placement::kClipped;
  double least_side = 0.0;
  double most_side = 1.0;
  Box fixed;
};

void validate(const BoxRule& rule);
// Refuses a fixed box that does not lie in the image.
void validate(const BoxRule& rule, int32_t height, int32_t width);

// A box with a share of `area` of the image before it is clipped, where the rule asks for it; it may have no pixels.
Box draw_box(const BoxRule& rule, int32_t height, int32_t width, double area, RandomStream& draws);

// The rules that choose frames, and the same for them.
inline bool chooses_frames(const BoxRule& rule) {
  return rule.placement == Placement::kFrames || rule.placement == Placement::kCuboid;
}
Cuboid draw_cuboid(const BoxRule& rule, int32_t frames, int32_t height, int32_t width, double volume,
                   RandomStream& draws);

}  // namespace fastmix
