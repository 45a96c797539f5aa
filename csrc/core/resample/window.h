// The evaluation preset's window, and the region of an image that a window needs decoded.
#pragma once

#include <cstdint>
#include <vector>

#include "resample/source.h"

namespace fastmix {

struct Size {
  int32_t height = 0, width = 0;
};

// How evaluation scales an image before it cuts out the centre; timm's names.
enum class CropMode {
  kCenter,  // keeps the aspect ratio and covers `resize`
  kSquash,  // to exactly `resize`
};

// Resize and CenterCrop(out) as one window of an image of this size. It rounds to whole sizes of the resize and whole
// offsets of the crop, so both read the same pixels with the same filter. kCenter with equal sides of `resize` is
// torchvision's Resize(side), which rounds the longer side down; with other sides it is timm's ResizeKeepRatio, which
// rounds to nearest.
Window center_window(Size image, Size out, Size resize, CropMode mode);

struct Region {
  int32_t y = 0, x = 0, height = 0, width = 0;
};

// What timm's border mode shows of an image: the window, and the part of the output that it fills.
struct BorderView {
  Window window;
  Region target;
};

// The image as the largest one of its aspect ratio that fits into `resize`, and of that the central `out` pixels.
BorderView border_view(Size image, Size out, Size resize);

// The region of the pixels that the filter may read to resample `window` to `out`, with either edges.
Region seen_region(Filter filter, const Window& window, Size image, Size out);

// As seen_region, but with all columns unless this skips at least a third of them. DALI decodes JPEGs in rows, so
// skipping fewer columns saves no time.
Region decode_region(Filter filter, const Window& window, Size image, Size out);

// One window for several of an image, so that it is decoded once.
struct JointWindow {
  Window window;  // all pixels that the filter may read for any of them
  Size out;       // the size at which this window has the finest of their resolutions
};

// `outs` has the output's size for each of the windows, of which there is at least one.
JointWindow joint_window(Filter filter, const std::vector<Window>& windows, const std::vector<Size>& outs, Size image);

// The same window in the region's coordinates.
Window within(const Window& window, const Region& region);

}  // namespace fastmix
