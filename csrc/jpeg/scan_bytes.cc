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
  // The slack has kept the reader within the bytes. Its buffer may hold bits of the first that are moved: the same
  // ones.
  const auto left = static_cast<size_t>(filled_ - reader.next);
  std::memmove(bytes_, reader.next, left);
  reader.next = bytes_;
  filled_ = bytes_ + left;
  bool at_marker = false;
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
      const uint8_t* behind = std::find_if(from_, end_, [](uint8_t byte) { return byte != kMark; });
      at_marker = mark != nullptr && behind != end_ && *behind != 0;
    }
  }
  std::memset(filled_, 0, kSlack);
  // At a marker a reader may have taken some zeros ahead. Without one the segment is damaged, and its last blocks are
  // not to be had: which of them libjpeg takes without a warning depends on how far it looks ahead.
  ready_ = filled_ - bytes_ + (at_marker ? BitReader::kAhead : -kSlack);
  return reader;
}

uint8_t ScanBytes::pass_marker(const BitReader& reader) {
  return ended_ && reader.next - filled_ == reader.untouched() ? find_marker() : 0;
}

uint8_t ScanBytes::find_marker() {
  while (end_ - from_ >= 2) {
    const auto* mark = static_cast<const uint8_t*>(std::memchr(from_, kMark, end_ - from_ - 1));
    if (mark == nullptr) break;
    from_ = mark + 2;
    if (mark[1] == 0) continue;
    // Any number of them may precede a marker.
    from_ = std::find_if(mark + 1, end_, [](uint8_t byte) { return byte != kMark; });
    if (from_ != end_) return *from_++;
  }
  from_ = end_;
  return 0;
}

}  // namespace fastmix
