// Operations that map levels by a table, for host and device. Every rounding is part of the formula.
#pragma once

#include <cstdint>

#include "augment/pixel_math.h"
#include "augment/sample_plan.h"
#include "base/host_device.h"

namespace fastmix {

constexpr int32_t kLevels = 256;
constexpr int32_t kColors = 3;  // R, G and B

// Whether the operation maps levels by a table that does not depend on the image.
FM_HD bool is_table(Opcode opcode) {
  return opcode == Opcode::kInvert || opcode == Opcode::kPosterize || opcode == Opcode::kSolarize ||
         opcode == Opcode::kSolarizeAdd || opcode == Opcode::kBrightness;
}

// Maps level v by an operation for which is_table() holds. `a` is the operation's parameter.
FM_HD int32_t table_level(Opcode opcode, float a, int32_t v) {
  switch (opcode) {
    case Opcode::kInvert:
      return 255 - v;
    case Opcode::kPosterize:
      return v & ~((1 << (8 - static_cast<int32_t>(a))) - 1);
    case Opcode::kSolarize:
      return static_cast<float>(v) < a ? v : 255 - v;
    case Opcode::kSolarizeAdd: {
      const int32_t sum = v + static_cast<int32_t>(a);
      return v >= 128 ? v : sum < 255 ? sum : 255;
    }
    default:
      return blend_level(0, v, a);  // Brightness
  }
}

// The mean grey level that Contrast blends with, rounded half up.
FM_HD int32_t mean_luma(uint64_t luma_sum, int64_t pixels) {
  return static_cast<int32_t>(static_cast<double>(luma_sum) / static_cast<double>(pixels) + 0.5);
}

FM_HD int32_t auto_contrast_level(int32_t low, int32_t high, int32_t v) {
  if (high <= low) return v;
  const double scale = 255.0 / (high - low);
  const double offset = -low * scale;
  const int32_t level = static_cast<int32_t>(v * scale + offset);
  return level < 0 ? 0 : level > 255 ? 255 : level;
}

// The lowest and highest level of a channel's histogram.
struct LevelRange {
  int32_t low, high;
};
FM_HD LevelRange range_of_levels(const uint32_t* count) {
  LevelRange range = {0, kLevels - 1};
  while (range.low < range.high && count[range.low] == 0) ++range.low;
  while (range.high > range.low && count[range.high] == 0) --range.high;
  return range;
}

// Computes Equalize's table of a channel from its histogram. The counts must sum to less than 2^31.
FM_HD void equalize_channel(uint8_t* to, const uint32_t* count) {
  uint32_t pixels = 0, last = 0;
  for (int32_t v = 0; v < kLevels; ++v) {
    pixels += count[v];
    last = count[v] != 0 ? count[v] : last;
  }
  // If step is 0, for example because all pixels have one level, the table keeps every level, as in Pillow.
  const uint32_t step = (pixels - last) / 255;
  uint32_t sum = step / 2;
  for (int32_t v = 0; v < kLevels; ++v) {
    const uint32_t level = step == 0 ? static_cast<uint32_t>(v) : sum / step;
    to[v] = static_cast<uint8_t>(level < 255 ? level : 255);
    sum += count[v];
  }
}

}  // namespace fastmix
