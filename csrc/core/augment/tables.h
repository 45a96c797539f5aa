// Tables of 256 levels per channel, for operations that map each level on its own. A table is fixed (Invert) or depends
// on statistics of the image (Equalize).
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

// The table of an operation for which is_table() holds.
LevelTable table_of(const SampleOperation& operation);

// Changes `table` so that it maps a level by the old `table` and then by `next`.
void compose(LevelTable& table, const LevelTable& next);

// Returns the histogram that the image has after the table is applied.
Histogram through(const LevelTable& table, const Histogram& histogram);

// Contrast's table blends each level with the mean grey level. `luma_sum` is the sum of luma over the image.
LevelTable contrast_table(uint64_t luma_sum, int64_t pixels, float factor);

struct Extremes {
  uint8_t low[kColors], high[kColors];
};
LevelTable auto_contrast_table(const Extremes& extremes);
LevelTable equalize_table(const Histogram& histogram);

// `extremes` holds the lowest and highest level of each channel. Updates it to the extremes that the image has after
// the table is applied. Returns false if the table is not monotone between the two levels of a channel: then any level
// between them may become an extreme, and `extremes` is undefined.
bool through_monotone(const LevelTable& table, Extremes& extremes);
Extremes extremes_of(const Histogram& histogram);

}  // namespace fastmix
