// Tables of 256 levels per channel: operations on single levels, known in advance or from statistics of the image.
#pragma once

#include <cstdint>

#include "augment/sample_plan.h"

namespace fastmix {

constexpr int32_t kLevels = 256;
constexpr int32_t kColors = 3;  // channels

struct LevelTable {
  alignas(64) uint8_t to[kColors][kLevels];

  bool is_identity() const;
  bool same_for_all_channels() const;
};

struct Histogram {
  uint32_t count[kColors][kLevels];
};

LevelTable identity_table();

// Whether the operation is a table that does not depend on the image.
bool is_table(Opcode opcode);
LevelTable table_of(const SampleOperation& operation);

// Changes `table` to apply `next` after it.
void compose(LevelTable& table, const LevelTable& next);

// The histogram of the image after the table.
Histogram through(const LevelTable& table, const Histogram& histogram);

// Contrast: blends with the mean grey level, which is the sum of luma over the image by its pixels, rounded half up.
LevelTable contrast_table(uint64_t luma_sum, int64_t pixels, float factor);

struct Extremes {
  uint8_t low[kColors], high[kColors];
};
LevelTable auto_contrast_table(const Extremes& extremes);
LevelTable equalize_table(const Histogram& histogram);

// The lowest and highest level after a table that rises or falls throughout; false if it does neither.
bool through_monotone(const LevelTable& table, Extremes& extremes);
Extremes extremes_of(const Histogram& histogram);

}  // namespace fastmix
