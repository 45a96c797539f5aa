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

void fill_identity(uint8_t* to) {
  for (int32_t v = 0; v < kLevels; ++v) to[v] = static_cast<uint8_t>(v);
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

bool is_table(Opcode opcode) {
  switch (opcode) {
    case Opcode::kInvert:
    case Opcode::kPosterize:
    case Opcode::kSolarize:
    case Opcode::kSolarizeAdd:
    case Opcode::kBrightness:
      return true;
    default:
      return false;
  }
}

LevelTable table_of(const SampleOperation& operation) {
  const float a = operation.value(0);
  switch (operation.opcode()) {
    case Opcode::kInvert:
      return same_table([](int32_t v) { return 255 - v; });
    case Opcode::kPosterize: {
      const int32_t mask = ~((1 << (8 - static_cast<int32_t>(a))) - 1);
      return same_table([&](int32_t v) { return v & mask; });
    }
    case Opcode::kSolarize:
      return same_table([&](int32_t v) { return static_cast<float>(v) < a ? v : 255 - v; });
    case Opcode::kSolarizeAdd:
      return same_table([&](int32_t v) { return v < 128 ? std::min(255, v + static_cast<int32_t>(a)) : v; });
    case Opcode::kBrightness:
      return same_table([&](int32_t v) { return blend_level(0, v, a); });
    default:
      throw Error(concat("augment: expected an operation that is a table, got ", name_of(operation.opcode())));
  }
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
  const int32_t mean = static_cast<int32_t>(static_cast<double>(luma_sum) / static_cast<double>(pixels) + 0.5);
  return same_table([&](int32_t v) { return blend_level(mean, v, factor); });
}

LevelTable auto_contrast_table(const Extremes& extremes) {
  LevelTable table;
  for (int32_t c = 0; c < kColors; ++c) {
    const int32_t low = extremes.low[c], high = extremes.high[c];
    if (high <= low) {
      fill_identity(table.to[c]);
      continue;
    }
    const double scale = 255.0 / (high - low);
    const double offset = -low * scale;
    for (int32_t v = 0; v < kLevels; ++v) {
      table.to[c][v] = static_cast<uint8_t>(std::clamp(static_cast<int32_t>(v * scale + offset), 0, 255));
    }
  }
  return table;
}

LevelTable equalize_table(const Histogram& histogram) {
  LevelTable table;
  for (int32_t c = 0; c < kColors; ++c) {
    const uint32_t* const count = histogram.count[c];
    uint64_t pixels = 0;
    int32_t last = 0, levels = 0;
    for (int32_t v = 0; v < kLevels; ++v) {
      pixels += count[v];
      if (count[v] == 0) continue;
      last = v;
      ++levels;
    }
    const uint64_t step = levels <= 1 ? 0 : (pixels - count[last]) / 255;
    if (step == 0) {
      fill_identity(table.to[c]);
      continue;
    }
    uint64_t sum = step / 2;
    for (int32_t v = 0; v < kLevels; ++v) {
      table.to[c][v] = static_cast<uint8_t>(std::min<uint64_t>(255, sum / step));
      sum += count[v];
    }
  }
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
    const uint32_t* const count = histogram.count[c];
    int32_t low = 0, high = kLevels - 1;
    while (low < high && count[low] == 0) ++low;
    while (high > low && count[high] == 0) --high;
    extremes.low[c] = static_cast<uint8_t>(low);
    extremes.high[c] = static_cast<uint8_t>(high);
  }
  return extremes;
}

}  // namespace fastmix
