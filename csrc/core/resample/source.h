// The inputs of the resamplers: images, their windows, and the filter and edges of each window.
#pragma once

#include <cstdint>

#include "base/host_device.h"

namespace fastmix {

// Pillow's filters. All but kNearest antialias: when an image shrinks, its filter is stretched by the same factor.
// kBicubic is cubic convolution with a = -0.5.
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

// The part of the source that fills the output, in source pixels; fractions are allowed. Coordinates are float32, as in
// Pillow.
struct Window {
  float y = 0, x = 0, height = 0, width = 0;
};

// The most pixels along a side of an image. Beyond that, neighbouring float32 positions would be more than 1/16 pixel
// apart.
constexpr int32_t kMaxSourceSide = 1 << 20;

// The pixels that a sample's filter may read, and the window relative to the first of them. Rows are `stride` bytes
// apart.
struct Source {
  const uint8_t* data = nullptr;
  int32_t height = 0;
  int32_t width = 0;
  int64_t stride = 0;
  Window window;
  Filter filter = Filter::kBilinear;

  FM_HD const uint8_t* end(int32_t channels) const { return data + (height - 1) * stride + int64_t{width} * channels; }
};

// Returns the pixels that the filter may read: for kCrop those that the window touches, for kImage the whole image.
Source source_of(const SourceImage& image, const Window& window, const Sampling& sampling, int32_t channels);

// Whether a window has height and width > 0 and lies in an image of this size, up to a rounding error.
bool inside(const Window& window, int32_t height, int32_t width);

// The arguments that the resampling operators share. check_sources() checks these arrays and the output's height and
// width.
struct SourceArrays {
  const SourceImage* images = nullptr;
  const Window* windows = nullptr;
  const Sampling* sampling = nullptr;
};
void check_sources(const char* op, const SourceArrays& sources, int32_t batch, int32_t channels, int32_t height,
                   int32_t width);

}  // namespace fastmix
