// The entropy-coded bytes of a JPEG's scan, without what is stuffed between them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bit_reader.h"

namespace fastmix {

// Behind a byte 0xFF the file has a zero that is no data; any other byte there is a marker's, and ends a segment. Some
// bytes at a time are copied to where a block can be read without looking for all this, nor for the end. Has no
// constructor: the memory is libjpeg's.
class ScanBytes {
 public:
  // The file from the scan's first byte to its end, which need not be the scan's. To be followed by segment().
  void start(const uint8_t* begin, const uint8_t* end) {
    from_ = begin;
    end_ = end;
  }

  // Goes on at the beginning of a segment.
  BitReader segment();

  // Before every block: false where it may need bytes that replenished() has to bring, and after that, where the
  // segment had ended already or the file ends in it. A ready block stays inside the bytes, whatever it is.
  bool ready(const BitReader& reader) const { return reader.next - bytes_ <= ready_; }
  BitReader replenished(BitReader reader);

  // Whether bits from behind the segment's end were used: zeros, as with libjpeg.
  bool ran_over(const BitReader& reader) const { return reader.next - filled_ > reader.untouched(); }

  // Passes the marker behind the segment and returns it without its 0xFF; 0 where the segment was not read to its last
  // byte, or nothing follows.
  uint8_t pass_marker(const BitReader& reader);

  // The same, with whatever is left of the segment, which need not have begun.
  uint8_t find_marker();

 private:
  // A block has at most 64 symbols of 16 bits, and values of 15.
  static constexpr int kBlockBytes = 64 * (16 + 15) / 8;
  // A reader is ahead of the bits that a block begins with, and again of those that it ends with.
  static constexpr int kSlack = kBlockBytes + 2 * BitReader::kAhead;
  static constexpr int kSize = 4096;

  const uint8_t* from_;
  const uint8_t* end_;
  uint8_t* filled_;  // the end of what was copied; kSlack zeros follow
  ptrdiff_t ready_;  // how many of the bytes may have been read for a block to begin
  bool ended_;       // the segment
  uint8_t bytes_[kSize + kSlack];
};

}  // namespace fastmix
