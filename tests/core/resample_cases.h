// Decoded images of different sizes with a window each, as a batch for resample_mix.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cases.h"
#include "resample_mix/resample_mix.h"

namespace fastmix::test {

struct WindowedImage {
  int32_t height, width;
  Window window;
};

struct ResampleCase {
  // Sample i is a random image of the size of sources[i], taken in turns. Every other one is cropped first.
  ResampleCase(Random& random, DType dtype, Layout layout, int32_t channels, Filter filter, int32_t height,
               int32_t width, const std::vector<WindowedImage>& sources, Plan given);
  std::string describe() const;

  Plan plan;
  std::vector<std::unique_ptr<Memory>> memory;
  std::vector<SourceImage> images;
  std::vector<Window> windows;
  std::vector<Sampling> sampling;
  std::vector<uint8_t> mirror;
  std::unique_ptr<Memory> out;
  ResampleMixParams params;
};

}  // namespace fastmix::test
