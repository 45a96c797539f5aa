// Decoded images of different sizes with a window each, as batches for resample and resample_mix.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cases.h"
#include "resample/resample.h"
#include "resample_mix/resample_mix.h"

namespace fastmix::test {

struct WindowedImage {
  int32_t height, width;
  Window window;
};

// Sample i is a random image of the size of sources[i], taken in turns. Every other one is cropped first.
struct SourceBatch {
  SourceBatch(Random& random, int32_t channels, Filter filter, const std::vector<WindowedImage>& sources,
              int32_t batch);
  SourceArrays arrays() const { return {images.data(), windows.data(), sampling.data()}; }

  std::vector<std::unique_ptr<Memory>> memory;
  std::vector<SourceImage> images;
  std::vector<Window> windows;
  std::vector<Sampling> sampling;
  std::vector<uint8_t> mirror;
};

// A batch for resample_mix.
struct ResampleCase : SourceBatch {
  ResampleCase(Random& random, DType dtype, Layout layout, int32_t channels, Filter filter, int32_t height,
               int32_t width, const std::vector<WindowedImage>& sources, Plan given);
  std::string describe() const;

  Plan plan;
  std::unique_ptr<Memory> out;
  ResampleMixParams params;
};

// A batch for resample, which makes uint8 images.
struct LevelsCase : SourceBatch {
  LevelsCase(Random& random, int32_t channels, Filter filter, int32_t height, int32_t width,
             const std::vector<WindowedImage>& sources, int32_t batch);

  std::unique_ptr<Memory> out;
  ResampleParams params;
};

}  // namespace fastmix::test
