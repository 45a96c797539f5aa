#include "resample/window.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "resample/filter_taps.h"

namespace fastmix {

namespace {

struct Range {
  int32_t begin, end;
};

// The source pixels along one axis that the window touches or that the taps of its outputs read.
Range source_of(Filter filter, float begin, float extent, int32_t size, int32_t outputs) {
  const ResampleAxis axis = resample_axis(filter, begin, extent, size, outputs);
  const TapSpan last = tap_span(axis, outputs - 1);
  const auto end = static_cast<int32_t>(std::ceil(static_cast<double>(begin) + extent));
  return {std::min(tap_span(axis, 0).first, static_cast<int32_t>(begin)),
          std::min(std::max(last.first + last.count, end), size)};
}

// Half of `whole`, with halves rounded to even, like Python's round() in torchvision. Integer arithmetic does not
// depend on the processor's rounding mode.
int64_t half_rounded_to_even(int64_t whole) {
  const int64_t half = whole / 2;
  return half + (whole % 2 != 0 && half % 2 != 0 ? 1 : 0);
}

struct LongSize {
  int64_t height, width;
};

// Rounds a positive number to nearest, halves to even, like Python's round().
int64_t rounded_to_even(double value) {
  const double whole = std::floor(value);
  const double rest = value - whole;
  const auto down = static_cast<int64_t>(whole);
  return rest > 0.5 || (rest == 0.5 && down % 2 != 0) ? down + 1 : down;
}

// One axis of a BorderView: where the window lies in the image, and where it goes in the output (`target`).
struct BorderAxis {
  double begin, extent;
  int32_t target, outputs;
};

BorderAxis border_axis(int32_t image, int64_t scaled, int32_t out) {
  if (scaled < out)
    return {0.0, static_cast<double>(image), static_cast<int32_t>((out - scaled) / 2), static_cast<int32_t>(scaled)};
  const double scale = static_cast<double>(image) / scaled;
  return {half_rounded_to_even(scaled - out) * scale, out * scale, 0, out};
}

// Along one axis, `window` source pixels become `out` pixels. Returns how many pixels `joint` source pixels become at
// the same scale, rounded up, at most 2^30.
int32_t finest(float joint, float window, int32_t out) {
  return static_cast<int32_t>(std::min(std::ceil(static_cast<double>(joint) * out / window), 1.0 * (1 << 30)));
}

// The size to which the evaluation preset resizes the image before it crops.
LongSize scaled_size(Size image, Size resize, CropMode mode) {
  if (mode == CropMode::kSquash) return {resize.height, resize.width};
  if (resize.height != resize.width) {
    const double ratio =
        std::min(static_cast<double>(image.height) / resize.height, static_cast<double>(image.width) / resize.width);
    return {rounded_to_even(image.height / ratio), rounded_to_even(image.width / ratio)};
  }
  const int64_t shorter = resize.height;
  if (image.height >= image.width) return {shorter * image.height / image.width, shorter};
  return {shorter, shorter * image.width / image.height};
}

}  // namespace

Window center_window(Size image, Size out, Size resize, CropMode mode) {
  check(image.height >= 1 && image.width >= 1 && image.height <= kMaxSourceSide && image.width <= kMaxSourceSide,
        "center_window: expected an image of 1 to ", kMaxSourceSide, " pixels a side, got ", image.height, " x ",
        image.width);
  check(out.height >= 1 && out.width >= 1 && resize.height >= out.height && resize.width >= out.width,
        "center_window: expected 1 <= size <= resize, got size ", out.height, " x ", out.width, " and resize ",
        resize.height, " x ", resize.width);
  const LongSize scaled = scaled_size(image, resize, mode);
  const double y_scale = static_cast<double>(image.height) / scaled.height;
  const double x_scale = static_cast<double>(image.width) / scaled.width;
  return {static_cast<float>(half_rounded_to_even(scaled.height - out.height) * y_scale),
          static_cast<float>(half_rounded_to_even(scaled.width - out.width) * x_scale),
          static_cast<float>(out.height * y_scale), static_cast<float>(out.width * x_scale)};
}

BorderView border_view(Size image, Size out, Size resize) {
  check(image.height >= 1 && image.width >= 1 && resize.height >= 1 && resize.width >= 1,
        "border: expected image and resize of at least one pixel, got image ", image.height, " x ", image.width,
        " and resize ", resize.height, " x ", resize.width);
  const double ratio =
      std::max(static_cast<double>(image.height) / resize.height, static_cast<double>(image.width) / resize.width);
  const auto scaled = [&](int32_t side) { return std::max<int64_t>(rounded_to_even(side / ratio), 1); };
  const BorderAxis y = border_axis(image.height, scaled(image.height), out.height);
  const BorderAxis x = border_axis(image.width, scaled(image.width), out.width);
  return {{static_cast<float>(y.begin), static_cast<float>(x.begin), static_cast<float>(y.extent),
           static_cast<float>(x.extent)},
          {y.target, x.target, y.outputs, x.outputs}};
}

Region seen_region(Filter filter, const Window& window, Size image, Size out) {
  check(inside(window, image.height, image.width), "decode_region: expected a window (y, x, height, width) inside the ",
        "image of ", image.height, " x ", image.width, " pixels, got (", window.y, ", ", window.x, ", ", window.height,
        ", ", window.width, ")");
  const Range rows = source_of(filter, window.y, window.height, image.height, out.height);
  const Range columns = source_of(filter, window.x, window.width, image.width, out.width);
  return {rows.begin, columns.begin, rows.end - rows.begin, columns.end - columns.begin};
}

Region decode_region(Filter filter, const Window& window, Size image, Size out) {
  Region region = seen_region(filter, window, image, out);
  if (int64_t{3} * region.width > int64_t{2} * image.width) {
    region.x = 0;
    region.width = image.width;
  }
  return region;
}

JointWindow joint_window(Filter filter, const std::vector<Window>& windows, const std::vector<Size>& outs, Size image) {
  Range rows = {image.height, 0}, columns = {image.width, 0};
  for (size_t v = 0; v < windows.size(); ++v) {
    const Region seen = seen_region(filter, windows[v], image, outs[v]);
    rows = {std::min(rows.begin, seen.y), std::max(rows.end, seen.y + seen.height)};
    columns = {std::min(columns.begin, seen.x), std::max(columns.end, seen.x + seen.width)};
  }
  JointWindow joint;
  joint.window = {static_cast<float>(rows.begin), static_cast<float>(columns.begin),
                  static_cast<float>(rows.end - rows.begin), static_cast<float>(columns.end - columns.begin)};
  for (size_t v = 0; v < windows.size(); ++v) {
    joint.out.height = std::max(joint.out.height, finest(joint.window.height, windows[v].height, outs[v].height));
    joint.out.width = std::max(joint.out.width, finest(joint.window.width, windows[v].width, outs[v].width));
  }
  return joint;
}

Window within(const Window& window, const Region& region) {
  // The differences are exact: they need no more bits than window.y and window.x.
  return {window.y - static_cast<float>(region.y), window.x - static_cast<float>(region.x), window.height,
          window.width};
}

}  // namespace fastmix
