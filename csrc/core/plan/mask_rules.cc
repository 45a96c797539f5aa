#include "plan/mask_rules.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace fastmix {

namespace {

constexpr double kPi = 3.14159265358979323846;

double draw(const Interval& interval, RandomStream& draws) {
  return std::min(interval.least + (interval.most - interval.least) * draws.uniform(), interval.most);
}

int32_t whole(double value, int32_t most) { return static_cast<int32_t>(std::min<double>(value, most)); }

uint8_t level_of(double share) { return static_cast<uint8_t>(share * 255.0 + 0.5); }

// exp(-scale * (i - center)^2) for i = 0 ... length - 1. The product of one such curve per axis is a round Gaussian.
std::vector<double> bell(int32_t length, int32_t center, double scale) {
  std::vector<double> values(length);
  for (int32_t i = 0; i < length; ++i) {
    const double distance = i - center;
    values[i] = distance == 0.0 ? 1.0 : exact_exp(-scale * (distance * distance));
  }
  return values;
}

// Fills the levels with a Gaussian around a uniformly drawn point or, with `complement`, with 1 minus the Gaussian.
void fill_bell(int32_t height, int32_t width, double scale, bool complement, RandomStream& draws, uint8_t* levels) {
  const auto y = static_cast<int32_t>(draws.below(static_cast<uint32_t>(height)));
  const auto x = static_cast<int32_t>(draws.below(static_cast<uint32_t>(width)));
  const std::vector<double> rows = bell(height, y, scale), columns = bell(width, x, scale);
  for (const double row : rows) {
    for (const double column : columns) *levels++ = level_of(complement ? 1.0 - row * column : row * column);
  }
}

void check_interval(const char* name, const Interval& interval, double least, double most) {
  check(interval.least >= least && interval.least <= interval.most && interval.most <= most, "policy: expected ", name,
        " as (least, most) between ", least, " and ", most, ", got (", interval.least, ", ", interval.most, ")");
}

}  // namespace

void validate(const MaskRule& rule) {
  constexpr double kMostAspect = 100.0;
  check(rule.least_holes >= 1 && rule.least_holes <= rule.most_holes,
        "policy: expected holes as (least, most) with 1 <= least <= most, got (", rule.least_holes, ", ",
        rule.most_holes, ")");
  check_interval("hole_aspect", rule.hole_aspect, 1.0 / kMostAspect, kMostAspect);
  check_interval("crop_area", rule.crop_area, 0.0, 1.0);
  check_interval("crop_aspect", rule.crop_aspect, 1.0 / kMostAspect, kMostAspect);
  check_interval("sigma", rule.sigma, 1e-6, 1e6);
  check(rule.decay > 0.0 && rule.decay <= 100.0, "policy: expected decay in (0, 100], got ", rule.decay);
  check(rule.softness >= 0.0 && rule.softness <= 0.5, "policy: expected softness in [0, 0.5], got ", rule.softness);
}

void draw_grid(const MaskRule& rule, int32_t height, int32_t width, double weight, RandomStream& draws,
               uint8_t* levels) {
  const auto more = static_cast<uint32_t>(rule.most_holes - rule.least_holes);
  const auto wanted = rule.least_holes + static_cast<int32_t>(draws.below(more + 1));
  const double hole_aspect = draw(rule.hole_aspect, draws);
  const double area = draw(rule.crop_area, draws);
  const double crop_aspect = draw(rule.crop_aspect, draws);
  const int32_t crop_width = whole(width * std::sqrt(area / crop_aspect), width);
  const int32_t crop_height = whole(height * std::sqrt(area * crop_aspect), height);
  const auto y0 = static_cast<int32_t>(draws.below(static_cast<uint32_t>(height - crop_height + 1)));
  const auto x0 = static_cast<int32_t>(draws.below(static_cast<uint32_t>(width - crop_width + 1)));

  // A patch is at least two pixels wide: one for the sample, one for its partner.
  const int32_t holes = std::clamp(wanted, 1, std::max(crop_width / 2, 1));
  const int32_t patch_width = (crop_width + holes - 1) / holes;
  const int32_t patch_height = std::max(whole(patch_width * hole_aspect, INT32_MAX), 1);
  const double side = std::sqrt(1.0 - weight);
  const auto hole = [&](int32_t patch) { return std::min(std::max(whole(patch * side, patch), 1), patch - 1); };
  const int32_t hole_height = hole(patch_height), hole_width = hole(patch_width);

  std::fill_n(levels, static_cast<size_t>(height) * width, uint8_t{255});
  for (int32_t y = 0; y < crop_height; ++y) {
    if (y % patch_height >= hole_height) continue;
    uint8_t* row = levels + static_cast<size_t>(y0 + y) * width + x0;
    for (int32_t x = 0; x < crop_width; ++x) {
      if (x % patch_width < hole_width) row[x] = 0;
    }
  }
}

void draw_smooth(const MaskRule& rule, int32_t height, int32_t width, RandomStream& draws, uint8_t* levels) {
  const double sigma = draw(rule.sigma, draws);
  const double variance = sigma * sigma * (static_cast<double>(height) * width);
  fill_bell(height, width, 0.5 / variance, true, draws, levels);
}

void draw_gaussian(int32_t height, int32_t width, double weight, RandomStream& draws, uint8_t* levels) {
  const bool complement = weight >= 0.5;
  const double share = complement ? 1.0 - weight : weight;
  // An image of weight 0 must not show at all, but the centre pixel of a Gaussian always would.
  if (share == 0.0)
    return static_cast<void>(std::fill_n(levels, static_cast<size_t>(height) * width, complement ? 255 : 0));
  fill_bell(height, width, kPi / (share * (static_cast<double>(height) * width)), complement, draws, levels);
}

}  // namespace fastmix
