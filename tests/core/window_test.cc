// joint_window: several windows of an image, decoded once, lose no pixel and no resolution.
#include "resample/window.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "check.h"
#include "resample/filter_taps.h"

namespace fastmix::test {
namespace {

struct Span {
  int32_t begin, end;
};

// The pixels of one axis that a window touches or that the taps of any output read, by a loop over all outputs.
Span seen(Filter filter, float begin, float extent, int32_t size, int32_t outputs) {
  Span span = {static_cast<int32_t>(begin),
               std::min(static_cast<int32_t>(std::ceil(static_cast<double>(begin) + extent)), size)};
  const ResampleAxis axis = resample_axis(filter, begin, extent, size, outputs);
  for (int32_t output = 0; output < outputs; ++output) {
    const TapSpan taps = tap_span(axis, output);
    span = {std::min(span.begin, taps.first), std::max(span.end, taps.first + taps.count)};
  }
  return span;
}

Span joined(Span a, Span b) { return {std::min(a.begin, b.begin), std::max(a.end, b.end)}; }

// The joint window shows `extent` pixels at `out` outputs: as fine as every window, and one output less would not be.
void check_resolution(float extent, int32_t out, const std::vector<float>& extents, const std::vector<int32_t>& outs) {
  bool needed = false;
  for (size_t v = 0; v < outs.size(); ++v) {
    const double wanted = static_cast<double>(outs[v]) * extent;
    CHECK(static_cast<double>(out) * extents[v] >= wanted * (1 - 1e-12), "extent ", extent, ", out ", out, ", window ",
          extents[v], " to ", outs[v]);
    needed |= (out - 1.0) * extents[v] < wanted;
  }
  CHECK(needed, "extent ", extent, ", out ", out);
}

void check_joint(Filter filter, const std::vector<Window>& windows, const std::vector<Size>& outs, Size image) {
  const JointWindow joint = joint_window(filter, windows, outs, image);
  Span rows = {image.height, 0}, columns = {image.width, 0};
  std::vector<float> heights, widths;
  std::vector<int32_t> out_heights, out_widths;
  for (size_t v = 0; v < windows.size(); ++v) {
    const Window& w = windows[v];
    rows = joined(rows, seen(filter, w.y, w.height, image.height, outs[v].height));
    columns = joined(columns, seen(filter, w.x, w.width, image.width, outs[v].width));
    heights.push_back(w.height);
    widths.push_back(w.width);
    out_heights.push_back(outs[v].height);
    out_widths.push_back(outs[v].width);
  }
  CHECK(joint.window.y == rows.begin && joint.window.y + joint.window.height == rows.end, "rows ", rows.begin, " to ",
        rows.end, ", got ", joint.window.y, " + ", joint.window.height);
  CHECK(joint.window.x == columns.begin && joint.window.x + joint.window.width == columns.end, "columns ",
        columns.begin, " to ", columns.end, ", got ", joint.window.x, " + ", joint.window.width);
  check_resolution(joint.window.height, joint.out.height, heights, out_heights);
  check_resolution(joint.window.width, joint.out.width, widths, out_widths);
}

TEST(joint_windows_hold_what_each_window_reads_at_the_finest_resolution) {
  std::mt19937 random(71);
  const auto between = [&](int32_t low, int32_t high) {
    return low + static_cast<int32_t>(random() % (high - low + 1));
  };
  for (int32_t trial = 0; trial < 400; ++trial) {
    const auto filter = static_cast<Filter>(trial % kFilters);
    const Size image = {between(1, 90), between(1, 90)};
    std::vector<Window> windows;
    std::vector<Size> outs;
    for (int32_t v = between(1, 10); v > 0; --v) {
      // Quarters of pixels: exact in float32, and inside the image.
      const float height = between(1, 4 * image.height) / 4.0f, width = between(1, 4 * image.width) / 4.0f;
      const float y = between(0, static_cast<int32_t>(4 * (image.height - height))) / 4.0f;
      const float x = between(0, static_cast<int32_t>(4 * (image.width - width))) / 4.0f;
      windows.push_back({y, x, height, width});
      outs.push_back({between(1, 64), between(1, 64)});
    }
    check_joint(filter, windows, outs, image);
  }
}

TEST(a_joint_window_of_one_window_is_what_that_window_reads) {
  const Window window = {10.25f, 3.5f, 20.5f, 30.0f};
  const Size image = {40, 60}, out = {7, 100};
  const Region region = seen_region(Filter::kBicubic, window, image, out);
  const JointWindow joint = joint_window(Filter::kBicubic, {window}, {out}, image);
  CHECK(joint.window.y == region.y && joint.window.x == region.x && joint.window.height == region.height &&
        joint.window.width == region.width);
}

TEST(a_tiny_window_in_a_large_image_keeps_the_size_in_range) {
  const Size image = {kMaxSourceSide, kMaxSourceSide};
  const float side = static_cast<float>(kMaxSourceSide);
  const std::vector<Window> windows = {{0, 0, side, side}, {0, 0, 0.0625f, 0.0625f}};
  const JointWindow joint = joint_window(Filter::kBox, windows, {{1, 1}, {4096, 4096}}, image);
  CHECK(joint.out.height == 1 << 30 && joint.out.width == 1 << 30, joint.out.height, " x ", joint.out.width);
}

}  // namespace
}  // namespace fastmix::test
