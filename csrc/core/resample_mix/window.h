// Which part of an image is seen, and which part of it therefore has to be decoded.
#pragma once

#include <cstdint>

#include "resample_mix/resample_mix.h"

namespace fastmix {

struct Size {
  int32_t height = 0, width = 0;
};

// The evaluation preset: torchvision's Resize(shorter) and CenterCrop(out), as one window of the image of this size.
// Resize's whole sizes and CenterCrop's whole offsets are kept, so both see the same pixels, and with the same filter.
Window center_window(Size image, Size out, int32_t shorter);

struct Region {
  int32_t y = 0, x = 0, height = 0, width = 0;
};

// The part of the image with every pixel that the filter reads when `window` is resampled to `out`.
Region seen_region(Filter filter, const Window& window, Size image, Size out);

// The same, with all columns unless a third of them can be left out: JPEG is decoded in rows, and less saves DALI no
// time.
Region decode_region(Filter filter, const Window& window, Size image, Size out);

// The same window, in the region's coordinates.
Window within(const Window& window, const Region& region);

}  // namespace fastmix
