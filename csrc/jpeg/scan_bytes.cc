#include "scan_bytes.h"

#include <algorithm>
#include <cstring>

namespace fastmix {

namespace {

constexpr uint8_t kMark = 0xFF;

}  // namespace

BitReader ScanBytes::segment() {
  filled_ = bytes_;
  ended_ = false;
  BitReader reader;
  reader.next = bytes_;
  return replenished(reader);
}

BitReader ScanBytes::replenished(BitReader reader) {
  if (ended_) return reader;
  // The slack has kept the reader within the bytes. What it has taken into its buffer stays there.
  const auto left = static_cast<size_t>(filled_ - reader.next);
  std::memmove(bytes_, reader.next, left);
  reader.next = bytes_;
  filled_ = bytes_ + left;
  bool cut_off = false;
  while (filled_ < bytes_ + kSize && !ended_) {
    const auto most = std::min<size_t>(bytes_ + kSize - filled_, end_ - from_);
    const auto* mark = most == 0 ? nullptr : static_cast<const uint8_t*>(std::memchr(from_, kMark, most));
    const size_t plain = mark == nullptr ? most : mark - from_;
    if (plain != 0) std::memcpy(filled_, from_, plain);
    filled_ += plain;
    from_ += plain;
    if (mark != nullptr && end_ - from_ >= 2 && from_[1] == 0) {
      *filled_++ = kMark;
      from_ += 2;
    } else {
      ended_ = mark != nullptr || from_ == end_;
      cut_off = end_ - from_ < 2;
    }
  }
  std::memset(filled_, 0, kSlack);
  // Where a segment ends a reader may have taken some zeros ahead. Without a marker it is damaged, and its last blocks
  // are not to be had: which of them libjpeg would read depends on how far it looks ahead.
  ready_ = !ended_ ? filled_ - kSlack : cut_off ? nullptr : filled_ + BitReader::kAhead;
  return reader;
}

uint8_t ScanBytes::pass_marker(const BitReader& reader) {
  if (!ended_ || reader.untouched() != filled_) return 0;
  while (end_ - from_ >= 2 && *from_ == kMark) {
    // Any number of them may precede a marker.
    if (*++from_ != kMark) return *from_++;
  }
  return 0;
}

}  // namespace fastmix
