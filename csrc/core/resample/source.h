// The inputs of the resamplers: images, their windows, and the filter and edges of each window.
#pragma once

#include <cstdint>

#include "base/host_device.h"

namespace fastmix {

// Pillow's filters. All but the nearest antialias: downscaling stretches them by the scale. Bicubic is cubic
// convolution with the parameter -0.5.
enum class Filter : int32_t { kNearest = 0, kBox = 1, kBilinear = 2, kBicubic = 3, kLanczos = 4 };
constexpr int32_t kFilters = 5;

// Which pixels a filter may read near the window's borders. kCrop: only those that the window touches, as if the image
// were cropped first. kImage: those of the whole image, as Pillow's resize(box=).
enum class Edges : int32_t { kCrop = 0, kImage = 1 };

struct Sampling {
  Filter filter = Filter::kBilinear;
  Edges edges = Edges::kCrop;
};

struct SourceImage {
  const uint8_t* data = nullptr;  // height * width * channels bytes, HWC, densely packed
  int32_t height = 0;
  int32_t width = 0;
};

// The part of the source that fills the output, in source pixels; fractions are allowed. Coordinates are float32, as
// Pillow's.
struct Window {
  float y = 0, x = 0, height = 0, width = 0;
};

// In larger images, float32 could not hold a position to 1/16 of a pixel.
constexpr int32_t kMaxSourceSide = 1 << 20;

// The pixels that a sample's filter may read, and the window in their coordinates. Rows are `stride` bytes apart.
struct Source {
  const uint8_t* data = nullptr;
  int32_t height = 0;
  int32_t width = 0;
  int64_t stride = 0;
  Window window;
  Filter filter = Filter::kBilinear;

  FM_HD const uint8_t* end(int32_t channels) const { return data + (height - 1) * stride + int64_t{width} * channels; }
};

// Applies the edges: kCrop reduces the image to the pixels that the window touches.
Source source_of(const SourceImage& image, const Window& window, const Sampling& sampling, int32_t channels);

// Whether a window has height and width > 0 and lies in an image of this size, up to a rounding error.
bool inside(const Window& window, int32_t height, int32_t width);

// The arguments that the resampling operators share. check_sources checks them, and the sides of the output.
struct SourceArrays {
  const SourceImage* images = nullptr;
  const Window* windows = nullptr;
  const Sampling* sampling = nullptr;
};
void check_sources(const char* op, const SourceArrays& sources, int32_t batch, int32_t channels, int32_t height,
                   int32_t width);

}  // namespace fastmix
