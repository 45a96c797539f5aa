// A Huffman code of a JPEG as a table: code and value in one look-up, without a branch on how long they are.
#pragma once

#include <cstdint>

#include "bit_reader.h"

namespace fastmix {

// A coefficient that is not zero: how far it is from the one before it, and its value. With distance 0 the block has
// no more of them.
struct Coefficient {
  uint32_t distance;
  int16_t value;
};

// Has no constructor: the memory is libjpeg's.
class HuffmanTable {
 public:
  enum Kind { kDc, kAc };
  static constexpr int kBits = 10;  // looked up at a time

  // `counts[n]` codes have n bits (1 to 16), `symbols` are in the order of the codes. False where there are more than
  // these bits can tell apart, or a symbol has no meaning.
  bool build(Kind kind, const uint8_t* counts, const uint8_t* symbols);

  // The next coefficient; of kDc the distance is 1. False where the bits are no code.
  bool read(BitReader& reader, Coefficient& next) const {
    reader.fill();
    uint32_t entry = entries_[reader.top(kBits)];
    if (entry == kNone) entry = long_code(reader.top(kLongest));
    if (entry == kNone) return false;
    const Parts parts = parts_of(entry);
    next = {parts.distance, value_of(reader.buffer << parts.code_bits, parts.value_bits)};
    reader.drop(parts.code_bits + parts.value_bits);
    return true;
  }

 protected:
  struct Parts {
    uint32_t code_bits, value_bits, distance;
  };
  static Parts parts_of(uint32_t entry) { return {entry & 0xff, entry >> 8 & 0xff, entry >> 16}; }
  uint32_t entry(uint32_t bits) const { return entries_[bits]; }

  // Of the highest `bits` bits, up to 15: those that begin with 0 stand for negative numbers (T.81, F.2.2.1).
  static int16_t value_of(uint64_t from, uint32_t bits) {
    const auto number = static_cast<int32_t>((from >> 1) >> (63 - bits));
    const auto negative = static_cast<int32_t>(~from >> 63);
    return static_cast<int16_t>(number - negative * ((1 << bits) - 1));
  }

 private:
  static constexpr int kLongest = 16;
  static constexpr uint32_t kNone = 0;

  static uint32_t entry_of(Kind kind, uint8_t symbol, int length);
  uint32_t long_code(uint32_t bits) const;

  Kind kind_;
  uint32_t entries_[1 << kBits];     // Parts by the bits that begin with a code; kNone where it is longer
  int32_t beyond_[kLongest + 1];     // by length: the code after the last one
  int32_t symbol_of_[kLongest + 1];  // by length: a code's place in symbols_, less the code
  uint8_t symbols_[256];
};

}  // namespace fastmix
