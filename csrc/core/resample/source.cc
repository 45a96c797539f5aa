#include "resample/source.h"

#include <algorithm>
#include <cmath>

#include "base/dtype.h"
#include "base/error.h"

namespace fastmix {

namespace {

// Reduces [0, size) to the pixels that the window touches: sets `size`, returns the first pixel, and makes `begin`
// relative to it.
int32_t crop(float& begin, float extent, int32_t& size) {
  const auto first = std::min(static_cast<int32_t>(begin), size - 1);
  const auto end = static_cast<int32_t>(std::ceil(static_cast<double>(begin) + extent));
  size = std::clamp(end, first + 1, size) - first;
  begin -= static_cast<float>(first);  // exact: the difference needs no more bits than `begin`
  return first;
}

}  // namespace

Source source_of(const SourceImage& image, const Window& window, const Sampling& sampling, int32_t channels) {
  const int64_t stride = int64_t{image.width} * channels;
  Source source = {image.data, image.height, image.width, stride, window, sampling.filter};
  if (sampling.edges == Edges::kCrop) {
    const int64_t top = crop(source.window.y, window.height, source.height);
    source.data += top * stride + int64_t{channels} * crop(source.window.x, window.width, source.width);
  }
  return source;
}

bool inside(const Window& window, int32_t height, int32_t width) {
  // Rounding errors may put the end of a window slightly beyond the border. Taps never read beyond it.
  constexpr double kSlack = 1.0 / 256;
  return window.y >= 0.0f && window.x >= 0.0f && window.height > 0.0f && window.width > 0.0f &&
         static_cast<double>(window.y) + window.height <= height + kSlack &&
         static_cast<double>(window.x) + window.width <= width + kSlack;
}

void check_sources(const char* op, const SourceArrays& sources, int32_t batch, int32_t channels, int32_t height,
                   int32_t width) {
  check(channels >= 1 && channels <= kMaxChannels, op, ": expected 1 to ", kMaxChannels, " channels, got ", channels);
  check(height >= 1 && width >= 1 && height <= kMaxSourceSide && width <= kMaxSourceSide, op,
        ": expected an output of 1 to ", kMaxSourceSide, " pixels a side, got ", height, " x ", width);
  for (int32_t i = 0; i < batch; ++i) {
    const SourceImage& image = sources.images[i];
    check(image.height >= 1 && image.width >= 1 && image.height <= kMaxSourceSide && image.width <= kMaxSourceSide, op,
          ": expected images of 1 to ", kMaxSourceSide, " pixels a side, got ", image.height, " x ", image.width,
          " for sample ", i);
    const Window& w = sources.windows[i];
    check(inside(w, image.height, image.width), op, ": expected a window (y, x, height, width) inside the image of ",
          image.height, " x ", image.width, " pixels, got (", w.y, ", ", w.x, ", ", w.height, ", ", w.width,
          ") for sample ", i);
    const auto filter = static_cast<int32_t>(sources.sampling[i].filter);
    check(filter >= 0 && filter < kFilters, op,
          ": expected filter 0 (nearest), 1 (box), 2 (bilinear), 3 (bicubic) or 4 (lanczos), got ", filter,
          " for sample ", i);
    const auto edges = static_cast<int32_t>(sources.sampling[i].edges);
    check(edges == 0 || edges == 1, op, ": expected edges 0 (crop) or 1 (image), got ", edges, " for sample ", i);
  }
}

}  // namespace fastmix
