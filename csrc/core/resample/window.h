// The evaluation preset's window, and the region of an image that a window needs decoded.
#pragma once

#include <cstdint>

#include "resample/source.h"

namespace fastmix {

struct Size {
  int32_t height = 0, width = 0;
};

// The evaluation preset: torchvision's Resize(shorter) and CenterCrop(out) as one window of an image of this size. It
// rounds to Resize's whole sizes and CenterCrop's whole offsets, so both read the same pixels with the same filter.
Window center_window(Size image, Size out, int32_t shorter);

struct Region {
  int32_t y = 0, x = 0, height = 0, width = 0;
};

// The region of the pixels that the filter may read to resample `window` to `out`, with either edges.
Region seen_region(Filter filter, const Window& window, Size image, Size out);

// As seen_region, but with all columns unless this skips at least a third of them. DALI decodes JPEGs in rows, so
// skipping fewer columns saves no time.
Region decode_region(Filter filter, const Window& window, Size image, Size out);

// The same window in the region's coordinates.
Window within(const Window& window, const Region& region);

}  // namespace fastmix
