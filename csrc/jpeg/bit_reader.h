// Bits of bytes of which there are always enough (see ScanBytes).
#pragma once

#include <cstdint>
#include <cstring>

namespace fastmix {

// Small, so that it stays in registers.
struct BitReader {
  // That many can be looked at after fill().
  static constexpr int kFilled = 56;
  // Bytes beyond the next bit that fill() may look at, and pass.
  static constexpr int kAhead = 16;

  const uint8_t* next = nullptr;
  uint64_t buffer = 0;  // the next bit is the highest
  unsigned count = 0;   // of the bits that belong to bytes before `next`; those below them are of `next` or zero

  void fill() {
    uint64_t word;
    std::memcpy(&word, next, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    buffer |= word >> count;
    next += (63 - count) / 8;
    count |= 56;  // eight more for each of these bytes
  }
  // 1 to kFilled bits.
  uint32_t top(int bits) const { return static_cast<uint32_t>(buffer >> (64 - bits)); }
  void drop(unsigned bits) {
    buffer <<= bits;
    count -= bits;
  }

  // Whole bytes before `next` of which no bit was dropped.
  int untouched() const { return static_cast<int>(count / 8); }
};

}  // namespace fastmix
