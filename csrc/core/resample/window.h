// The window of an image that evaluation uses, and the region that must be decoded for a window.
#pragma once

#include <cstdint>
#include <vector>

#include "resample/source.h"

namespace fastmix {

struct Size {
  int32_t height = 0, width = 0;
};

// How evaluation scales an image before it crops the centre. The names are timm's crop modes.
enum class CropMode {
  kCenter,  // keeps the aspect ratio; the scaled image covers `resize`
  kSquash,  // scales the image to exactly `resize`
};

// Returns torchvision's Resize(resize) and CenterCrop(out) as one window of an image of this size. The size after
// Resize and the offset of the crop are rounded to whole pixels, as in torchvision, so the window reads the same pixels
// with the same filter. If `resize` is a square, kCenter scales as torchvision's Resize(side), which rounds the longer
// side down. Otherwise it scales as timm's ResizeKeepRatio, which rounds to nearest.
Window center_window(Size image, Size out, Size resize, CropMode mode);

struct Region {
  int32_t y = 0, x = 0, height = 0, width = 0;
};

// The view of an image in timm's border mode: the window, and the part of the output that it fills.
struct BorderView {
  Window window;
  Region target;
};

// Scales the image to the largest size that fits into `resize`, keeping its aspect ratio. The output shows the centre
// of the scaled image; if that is smaller than `out`, a border remains around it.
BorderView border_view(Size image, Size out, Size resize);

// The region of all pixels that the filter may read to resample `window` to `out`, whether its edges are kCrop or
// kImage.
Region seen_region(Filter filter, const Window& window, Size image, Size out);

// Returns seen_region(), widened to all columns unless at least a third of them can be skipped. DALI decodes JPEGs in
// rows, so skipping fewer columns saves no time.
Region decode_region(Filter filter, const Window& window, Size image, Size out);

// One window that contains several windows of an image, so that the image is decoded once.
struct JointWindow {
  Window window;  // all pixels that the filter may read for any of the windows
  Size out;       // the smallest output size at which each window has at least its size in `outs`
};

// `outs` holds the output size of each window. Needs at least one window.
JointWindow joint_window(Filter filter, const std::vector<Window>& windows, const std::vector<Size>& outs, Size image);

// Returns `window` in the coordinates of `region`.
Window within(const Window& window, const Region& region);

}  // namespace fastmix
