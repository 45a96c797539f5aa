#include "ac_table.h"

#include <algorithm>

namespace fastmix {

bool AcTable::build(const uint8_t* counts, const uint8_t* symbols, bool skips_many) {
  if (!HuffmanTable::build(kAc, counts, symbols)) return false;
  for (uint32_t index = 0; index < kEntries;) index += find_pairs(index);
  skips_many_ = skips_many;
  for (uint32_t index = 0; skips_many && index < kEntries; ++index) several_[index] = several_from(index);
  return true;
}

AcTable::Next AcTable::next_in(uint32_t index, uint32_t used, uint32_t distance) const {
  const uint32_t rest = index << used & (kEntries - 1);
  const Parts parts = parts_of(entry(rest));
  const uint32_t bits = parts.code_bits + parts.value_bits;
  // Behind the bits that are looked up are others than the zeros of `rest`.
  if (bits == 0 || used + bits > kBits || distance + parts.distance >= kBlock) return {};
  const uint64_t value_from = static_cast<uint64_t>(rest) << (64 - kBits) << parts.code_bits;
  return {used + bits, distance + parts.distance, value_of(value_from, parts.value_bits), parts.distance == 0};
}

// A pair is of the first two, which may be a coefficient and the end. If the end is third, the next look-up finds it.
uint32_t AcTable::find_pairs(uint32_t index) {
  const Next first = next_in(index, 0, 0);
  const uint32_t alike = first.used == 0 ? 1 : kEntries >> first.used;
  if (first.used == 0 || first.ends) {
    std::fill_n(pairs_ + index, alike, kFar << 8);
    return alike;
  }
  for (uint32_t i = index; i < index + alike;) {
    Next last = next_in(i, first.used, first.distance);
    const uint32_t count = last.used == 0 ? 1 : kEntries >> last.used;
    if (last.used == 0) last = first;
    const int16_t value = last.ends ? first.value : last.value;
    std::fill_n(pairs_ + i, count,
                Pair{last.used | (last.ends ? kEnds : 0) | last.distance << 8 | first.distance << 16} |
                    Pair{static_cast<uint16_t>(first.value)} << 32 | Pair{static_cast<uint16_t>(value)} << 48);
    i += count;
  }
  return alike;
}

AcTable::Several AcTable::several_from(uint32_t index) const {
  Several several = kFar << 8;
  Next last = {};
  while (!last.ends) {
    last = next_in(index, last.used, last.distance);
    if (last.used == 0) break;
    several = static_cast<Several>(last.used | (last.ends ? kEnds : 0) | last.distance << 8);
  }
  return several;
}

}  // namespace fastmix
