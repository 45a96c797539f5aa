#include "ac_table.h"

namespace fastmix {

bool AcTable::build(const uint8_t* counts, const uint8_t* symbols, bool skips_many) {
  if (!HuffmanTable::build(kAc, counts, symbols)) return false;
  skips_many_ = skips_many;
  for (uint32_t index = 0; index < 1u << kBits; ++index) skips_many ? look_up<true>(index) : look_up<false>(index);
  return true;
}

template <bool kSkipsMany>
void AcTable::look_up(uint32_t index) {
  Pair pair = kFar << 8;
  Several several = kFar << 8;
  uint32_t used = 0, distance = 0, first_distance = 0, ends = 0;
  Pair values[2] = {};
  for (int found = 0; ends == 0 && (kSkipsMany || found < 2); ++found) {
    const uint32_t rest = index << used & ((1u << kBits) - 1);
    const Parts parts = parts_of(entry(rest));
    const uint32_t bits = parts.code_bits + parts.value_bits;
    // Behind the bits that are looked up are others than the zeros of `rest`.
    if (bits == 0 || used + bits > kBits || distance + parts.distance >= kBlock) break;
    const uint64_t value_from = static_cast<uint64_t>(rest) << (64 - kBits) << parts.code_bits;
    used += bits;
    distance += parts.distance;
    ends = parts.distance == 0 ? kEnds : 0;
    several = static_cast<Several>(used | ends | distance << 8);
    if (found == 0) first_distance = distance;
    // A pair is of the first two, which may be a coefficient and the end. If the end is third, the next look-up finds
    // it.
    if (found > 1 || first_distance == 0) continue;
    if (ends == 0) values[found] = static_cast<uint16_t>(value_of(value_from, parts.value_bits));
    const Pair last = values[ends == 0 ? found : 0];
    pair = several | first_distance << 16 | values[0] << 32 | last << 48;
  }
  pairs_[index] = pair;
  if (kSkipsMany) several_[index] = several;
}

}  // namespace fastmix
