#include "huffman_table.h"

#include <algorithm>
#include <iterator>

namespace fastmix {

uint32_t HuffmanTable::entry_of(Kind kind, uint8_t symbol, int length) {
  const uint32_t zeros = symbol >> 4, value_bits = symbol & 0xf;
  // Without a value: sixteen zeros, or the end of the block.
  const uint32_t distance = kind == kDc ? 1 : value_bits == 0 && zeros != 15 ? 0 : zeros + 1;
  return static_cast<uint32_t>(length) | value_bits << 8 | distance << 16;
}

bool HuffmanTable::build(Kind kind, const uint8_t* counts, const uint8_t* symbols) {
  kind_ = kind;
  std::fill(std::begin(entries_), std::end(entries_), kNone);
  int32_t code = 0, place = 0;
  for (int length = 1; length <= kLongest; ++length, code *= 2) {
    symbol_of_[length] = place - code;
    if (code + counts[length] > 1 << length || place + counts[length] > 256) return false;
    for (const int32_t last = place + counts[length]; place < last; ++place, ++code) {
      symbols_[place] = symbols[place];
      if (kind == kDc && symbols[place] > 15) return false;
      if (length > kBits) continue;
      const int rest = kBits - length;
      std::fill_n(entries_ + (code << rest), 1 << rest, entry_of(kind, symbols[place], length));
    }
    beyond_[length] = code;
  }
  return true;
}

uint32_t HuffmanTable::long_code(uint32_t bits) const {
  for (int length = kBits + 1; length <= kLongest; ++length) {
    const auto code = static_cast<int32_t>(bits >> (kLongest - length));
    if (code < beyond_[length]) return entry_of(kind_, symbols_[symbol_of_[length] + code], length);
  }
  return kNone;
}

}  // namespace fastmix
