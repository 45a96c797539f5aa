// Tables of 256 levels per channel: operations that map each level by itself, with a table that is fixed or that
// depends on statistics of the image.
#pragma once

#include <cstdint>

#include "augment/sample_plan.h"
#include "augment/table_math.h"

namespace fastmix {

struct LevelTable {
  alignas(64) uint8_t to[kColors][kLevels];

  bool is_identity() const;
  bool same_for_all_channels() const;
};

struct Histogram {
  uint32_t count[kColors][kLevels];
};

LevelTable identity_table();

// Of an operation that is_table().
LevelTable table_of(const SampleOperation& operation);

// Changes `table` to the table that equals `table`, then `next`.
void compose(LevelTable& table, const LevelTable& next);

// Returns the image's histogram after the table is applied.
Histogram through(const LevelTable& table, const Histogram& histogram);

// Contrast: blends with the mean grey level. `luma_sum` is the sum of luma over the image.
LevelTable contrast_table(uint64_t luma_sum, int64_t pixels, float factor);

struct Extremes {
  uint8_t low[kColors], high[kColors];
};
LevelTable auto_contrast_table(const Extremes& extremes);
LevelTable equalize_table(const Histogram& histogram);

// Changes `extremes` to the lowest and highest level after the table. Returns false if the table neither rises nor
// falls throughout, since other levels may then be the extremes.
bool through_monotone(const LevelTable& table, Extremes& extremes);
Extremes extremes_of(const Histogram& histogram);

}  // namespace fastmix
