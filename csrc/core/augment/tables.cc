#include "augment/tables.h"

#include <algorithm>
#include <cstring>

#include "augment/pixel_math.h"
#include "base/error.h"

namespace fastmix {

namespace {

template <typename Level>
LevelTable same_table(const Level& level) {
  LevelTable table;
  for (int32_t v = 0; v < kLevels; ++v) table.to[0][v] = static_cast<uint8_t>(level(v));
  for (int32_t c = 1; c < kColors; ++c) std::memcpy(table.to[c], table.to[0], kLevels);
  return table;
}

bool rises(const uint8_t* to, int32_t low, int32_t high) { return std::is_sorted(to + low, to + high + 1); }
bool falls(const uint8_t* to, int32_t low, int32_t high) {
  return std::is_sorted(to + low, to + high + 1, std::greater<uint8_t>());
}

}  // namespace

bool LevelTable::is_identity() const {
  for (const auto& channel : to) {
    for (int32_t v = 0; v < kLevels; ++v) {
      if (channel[v] != v) return false;
    }
  }
  return true;
}

bool LevelTable::same_for_all_channels() const {
  return std::memcmp(to[0], to[1], kLevels) == 0 && std::memcmp(to[0], to[2], kLevels) == 0;
}

LevelTable identity_table() {
  return same_table([](int32_t v) { return v; });
}

LevelTable table_of(const SampleOperation& operation) {
  const Opcode opcode = operation.opcode();
  check(is_table(opcode), "augment: expected an operation that maps levels by a fixed table, such as Invert, got ",
        name_of(opcode));
  const float a = operation.value(0);
  return same_table([&](int32_t v) { return table_level(opcode, a, v); });
}

void compose(LevelTable& table, const LevelTable& next) {
  for (int32_t c = 0; c < kColors; ++c) {
    for (uint8_t& level : table.to[c]) level = next.to[c][level];
  }
}

Histogram through(const LevelTable& table, const Histogram& histogram) {
  Histogram moved = {};
  for (int32_t c = 0; c < kColors; ++c) {
    for (int32_t v = 0; v < kLevels; ++v) moved.count[c][table.to[c][v]] += histogram.count[c][v];
  }
  return moved;
}

LevelTable contrast_table(uint64_t luma_sum, int64_t pixels, float factor) {
  const int32_t mean = mean_luma(luma_sum, pixels);
  return same_table([&](int32_t v) { return blend_level(mean, v, factor); });
}

LevelTable auto_contrast_table(const Extremes& extremes) {
  LevelTable table;
  for (int32_t c = 0; c < kColors; ++c) {
    for (int32_t v = 0; v < kLevels; ++v) {
      table.to[c][v] = static_cast<uint8_t>(auto_contrast_level(extremes.low[c], extremes.high[c], v));
    }
  }
  return table;
}

LevelTable equalize_table(const Histogram& histogram) {
  LevelTable table;
  for (int32_t c = 0; c < kColors; ++c) equalize_channel(table.to[c], histogram.count[c]);
  return table;
}

bool through_monotone(const LevelTable& table, Extremes& extremes) {
  for (int32_t c = 0; c < kColors; ++c) {
    const uint8_t* const to = table.to[c];
    const int32_t low = extremes.low[c], high = extremes.high[c];
    if (!rises(to, low, high) && !falls(to, low, high)) return false;
    extremes.low[c] = std::min(to[low], to[high]);
    extremes.high[c] = std::max(to[low], to[high]);
  }
  return true;
}

Extremes extremes_of(const Histogram& histogram) {
  Extremes extremes;
  for (int32_t c = 0; c < kColors; ++c) {
    const LevelRange range = range_of_levels(histogram.count[c]);
    extremes.low[c] = static_cast<uint8_t>(range.low);
    extremes.high[c] = static_cast<uint8_t>(range.high);
  }
  return extremes;
}

}  // namespace fastmix
