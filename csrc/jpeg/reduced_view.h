// Which part of a photograph has to be decoded, and how small, for a window of it.
#pragma once

#include <cstdint>

#include "orientation.h"
#include "resample_mix/window.h"

namespace fastmix {

// How many times smaller in both directions a photograph is decoded: the largest of 8, 4, 2 that leaves the window
// at least kLeastRatio times as large as the output, else 1.
int32_t reduction_for(const Window& window, Size out);

// What is left out then is too fine for the filter to show more than a fraction of a grey level of it on average;
// benchmarks/decode.py measures it.
constexpr float kLeastRatio = 3.0f;

// In the reduced photograph, which has ceil(side / reduction) pixels a side.
struct ReducedView {
  Region region;  // what the filter reads, upright
  Window window;  // the window in that region
  Region stored;  // the region as the file has it
};

// `window` and `image` are upright, as the camera's orientation says; `turn` is what makes the file's pixels so.
ReducedView reduced_view(Filter filter, const Window& window, Size image, Size out, Turn turn, int32_t reduction);

}  // namespace fastmix
