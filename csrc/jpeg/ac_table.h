// A table that reads several AC coefficients (all of a block except its first) in one look-up.
#pragma once

#include <array>
#include <cstdint>

#include "huffman_table.h"

namespace fastmix {

constexpr uint32_t kBlock = 64;

// Where the coefficients of a block lie, in the order of the file: along its diagonals, there and back.
constexpr std::array<uint8_t, kBlock> zigzag() {
  std::array<uint8_t, kBlock> places{};
  size_t at = 0;
  for (int diagonal = 0; diagonal < 15; ++diagonal) {
    for (int step = 0; step <= diagonal; ++step) {
      const int y = diagonal % 2 == 0 ? diagonal - step : step;
      const int x = diagonal - y;
      if (y < 8 && x < 8) places[at++] = static_cast<uint8_t>(8 * y + x);
    }
  }
  return places;
}
inline constexpr auto kPlaces = zigzag();

class AcTable : public HuffmanTable {
 public:
  // `skips_many`: whether so many blocks will be passed over that it pays to prepare for them.
  bool build(const uint8_t* counts, const uint8_t* symbols, bool skips_many);

  // The rest of a block, into `block`, where all of it is 0 so far. False where the bits are no block's.
  bool read_block(BitReader& reader, int16_t* block) const { return each(reader, pairs_, Keep{block}); }

  // Passes over the rest of a block.
  bool skip_block(BitReader& reader) const {
    return skips_many_ ? each(reader, several_, Pass{}) : each(reader, pairs_, Pass{});
  }

 private:
  // What the bits begin with, as far as it lies within them: one or two coefficients with their values (one is there
  // twice), or any number without, and the end of the block behind them. Where there is none, or for Pair only the end,
  // the distance is kFar: then HuffmanTable::read() finds the next.
  using Pair = uint64_t;     // bits, kEnds; distance << 8; distance of the first << 16; values << 32 and << 48
  using Several = uint16_t;  // bits, kEnds; distance << 8
  static constexpr uint32_t kEnds = 0x80;  // the block ends with them
  static constexpr uint32_t kFar = 0xff;

  static constexpr uint32_t kEntries = 1 << kBits;

  // A coefficient or the end, as of the index's first bit: all zeros where it does not lie within the index.
  struct Next {
    uint32_t used, distance;
    int16_t value;
    bool ends;
  };
  Next next_in(uint32_t index, uint32_t used, uint32_t distance) const;

  // Fills in the pairs of all indices that begin with the same coefficient, and returns their number.
  uint32_t find_pairs(uint32_t index);
  Several several_from(uint32_t index) const;

  struct Keep {
    int16_t* block;
    void several(uint32_t done, Pair pair) const {
      block[kPlaces[done + (pair >> 16 & 0xff) - 1]] = static_cast<int16_t>(pair >> 32);
      block[kPlaces[done + (pair >> 8 & 0xff) - 1]] = static_cast<int16_t>(pair >> 48);
    }
    void one(uint32_t place, int16_t value) const { block[kPlaces[place]] = value; }
  };
  struct Pass {
    void several(uint32_t, Pair) const {}
    void one(uint32_t, int16_t) const {}
  };

  template <typename Entry, typename Sink>
  bool each(BitReader& from, const Entry* entries, const Sink& sink) const {
    BitReader reader = from;
    uint32_t done = 1;
    for (bool ended = false; !ended;) {
      reader.fill();
      bool known = true;
#pragma GCC unroll 5
      for (int k = 0; k < BitReader::kFilled / kBits; ++k) {
        const Entry entry = entries[reader.top(kBits)];
        const uint32_t distance = entry >> 8 & 0xff;
        // One that reaches the block's end may have more behind it, which is of the next block.
        known = done + distance < kBlock;
        if (!known) break;
        sink.several(done, entry);
        done += distance;
        reader.drop(entry & (kEnds - 1));
        ended = (entry & kEnds) != 0;
        if (ended) break;
      }
      if (known) continue;
      Coefficient next;
      if (!read(reader, next)) return false;
      done += next.distance;
      if (done > kBlock) return false;
      if (next.distance != 0) sink.one(done - 1, next.value);
      ended = next.distance == 0 || done == kBlock;
    }
    from = reader;
    return true;
  }

  bool skips_many_;
  Pair pairs_[kEntries];
  Several several_[kEntries];  // undefined unless skips_many_
};

}  // namespace fastmix
