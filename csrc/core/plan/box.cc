#include "plan/box.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace fastmix {

namespace {

struct Range {
  int32_t begin, end;
};

Range clip(int64_t first, int64_t extent, int32_t length) {
  return {static_cast<int32_t>(std::max<int64_t>(first, 0)),
          static_cast<int32_t>(std::min<int64_t>(first + extent, length))};
}

int64_t inside(int64_t extent, int32_t length, RandomStream& draws) {
  return draws.below(static_cast<uint32_t>(length - extent + 1));
}

// Draws the box's range along one axis: first its extent, if the rule draws one, then its place. Callers draw the range
// of frames first, then of rows, then of columns. Keep both orders: equal keys must give equal plans.
Range draw_range(const BoxRule& rule, int32_t length, double side, RandomStream& draws) {
  int64_t extent = static_cast<int64_t>(length * side);
  switch (rule.placement) {
    case Placement::kClipped:
    case Placement::kCuboid: {
      const int64_t center = draws.below(static_cast<uint32_t>(length));
      return clip(center - extent / 2, extent, length);
    }
    case Placement::kCoverage: {
      // A box of `extent` pixels touches the image at length + extent - 1 places and covers each pixel at `extent` of
      // them. An empty box may lie anywhere.
      if (extent == 0) return {0, 0};
      const int64_t place = draws.below(static_cast<uint32_t>(length + extent - 1));
      return clip(place - (extent - 1), extent, length);
    }
    case Placement::kMinMax: {
      // Excludes the largest extent unless it is the only one, like timm, which draws from a half-open range.
      const int64_t least = static_cast<int64_t>(length * rule.least_side);
      const int64_t most = static_cast<int64_t>(length * rule.most_side);
      extent = least + (most > least ? draws.below(static_cast<uint32_t>(most - least)) : 0);
      break;
    }
    default:
      break;
  }
  return clip(inside(extent, length, draws), extent, length);
}

}  // namespace

void validate(const BoxRule& rule) {
  check(rule.least_side >= 0.0 && rule.least_side <= rule.most_side && rule.most_side <= 1.0,
        "policy: expected 0 <= least <= most <= 1 for the box's sides (shares of the image's), got least ",
        rule.least_side, " and most ", rule.most_side);
  const Box& box = rule.fixed;
  check(box.y0 >= 0 && box.x0 >= 0 && box.y0 <= box.y1 && box.x0 <= box.x1,
        "policy: expected a fixed box (y0, x0, y1, x1) with 0 <= y0 <= y1 and 0 <= x0 <= x1, got (", box.y0, ", ",
        box.x0, ", ", box.y1, ", ", box.x1, ")");
}

void validate(const BoxRule& rule, int32_t height, int32_t width) {
  check(rule.placement != Placement::kFixed || (rule.fixed.y1 <= height && rule.fixed.x1 <= width),
        "policy: expected a fixed box within image_size=(", height, ", ", width, "), got one that ends at (",
        rule.fixed.y1, ", ", rule.fixed.x1, "); shrink the box");
}

Box draw_box(const BoxRule& rule, int32_t height, int32_t width, double area, RandomStream& draws) {
  if (rule.placement == Placement::kFixed) return rule.fixed;
  if (rule.placement == Placement::kRows) {
    const Range y = draw_range(rule, height, area, draws);
    return {y.begin, 0, y.end, width};
  }
  if (rule.placement == Placement::kColumns) {
    const Range x = draw_range(rule, width, area, draws);
    return {0, x.begin, height, x.end};
  }
  const double side = std::sqrt(area);
  const Range y = draw_range(rule, height, side, draws);
  const Range x = draw_range(rule, width, side, draws);
  return {y.begin, x.begin, y.end, x.end};
}

Cuboid draw_cuboid(const BoxRule& rule, int32_t frames, int32_t height, int32_t width, double volume,
                   RandomStream& draws) {
  if (rule.placement == Placement::kFrames) {
    const Range t = draw_range(rule, frames, volume, draws);
    return {t.begin, t.end, {0, 0, height, width}};
  }
  const double side = volume > 0.0 ? exact_exp(exact_log(volume) / 3.0) : 0.0;
  const Range t = draw_range(rule, frames, side, draws);
  const Range y = draw_range(rule, height, side, draws);
  const Range x = draw_range(rule, width, side, draws);
  return {t.begin, t.end, {y.begin, x.begin, y.end, x.end}};
}

}  // namespace fastmix
