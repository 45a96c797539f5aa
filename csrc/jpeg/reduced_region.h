// Finds the region of a photograph to decode for a window, and at which scale.
#pragma once

#include <cstdint>

#include "orientation.h"
#include "resample/window.h"

namespace fastmix {

// Returns the factor by which both sides shrink: the largest of 8, 4, 2 that leaves the window at least kLeastRatio
// times as large as the output, else 1.
int32_t reduction_for(const Window& window, Size out);

// At this ratio the result differs by a fraction of a grey level on average; benchmarks/decode.py measures it.
constexpr float kLeastRatio = 3.0f;

// Positions in the reduced photograph, whose sides are ceil(side / reduction) pixels.
struct ReducedRegion {
  Region region;  // the pixels that the filter reads, upright
  Window window;  // the window in that region
  Region stored;  // the region as the file has it
};

// `window` and `image` are upright, by the camera's orientation; `turn` makes the file's pixels upright.
ReducedRegion reduced_region(Filter filter, const Window& window, Size image, Size out, Turn turn, int32_t reduction);

}  // namespace fastmix
