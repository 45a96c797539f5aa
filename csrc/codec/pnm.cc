#include "pnm.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace fastmix {

namespace {

constexpr uint32_t kOneByte = 255, kTwoBytes = 65535;
constexpr uint32_t kMostSide = 1u << 24;

// The numbers of a header or of a text file, with comments between them.
class Numbers {
 public:
  Numbers(const uint8_t* data, size_t size, size_t at) : data_(data), size_(size), at_(at) {}

  // 0 where there is no number.
  uint32_t next() {
    skip_space();
    uint32_t number = 0;
    for (; at_ < size_ && is_digit(data_[at_]); ++at_) number = std::min(number * 10 + (data_[at_] - '0'), kMostSide);
    return number;
  }

  // Without space between them, as a PBM may have its bits.
  uint32_t next_digit() {
    skip_space();
    return at_ < size_ && is_digit(data_[at_]) ? data_[at_++] - '0' : 0;
  }

  size_t at() const { return at_; }

 private:
  static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
  static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

  void skip_space() {
    for (; at_ < size_ && (is_space(data_[at_]) || data_[at_] == '#'); ++at_) {
      if (data_[at_] != '#') continue;
      while (at_ < size_ && data_[at_] != '\n') ++at_;
      if (at_ == size_) return;
    }
  }

  const uint8_t* data_;
  size_t size_, at_;
};

struct Header {
  bool text, bits;
  int channels;
  uint32_t width, height, most;
  size_t content;  // where the pixels begin

  size_t samples() const { return size_t{width} * height * channels; }
  // Of the file: two characters a number, but for the bits.
  size_t least_bytes() const {
    if (bits) return text ? samples() : size_t{(width + 7) / 8} * height;
    return samples() * (text || most > kOneByte ? 2 : 1) - (text ? 1 : 0);
  }
};

// Of a file that begins with P1 to P6.
Header header_of(const uint8_t* data, size_t size) {
  const int number = data[1] - '0';
  Numbers numbers(data, size, 2);
  Header header = {number <= 3, number % 3 == 1, number % 3 == 0 ? 3 : 1, 0, 0, 1, 0};
  header.width = numbers.next();
  header.height = numbers.next();
  if (!header.bits) header.most = numbers.next();
  header.content = numbers.at() + 1;  // one character of space
  return header;
}

}  // namespace

bool sound_pnm(const uint8_t* data, size_t size) {
  const Header header = header_of(data, size);
  return header.width > 0 && header.height > 0 && header.most > 0 && header.most <= kTwoBytes &&
         header.content < size && header.least_bytes() <= size - header.content;
}

std::vector<uint8_t> pnm_of_full_range(const uint8_t* data, size_t size) {
  const Header header = header_of(data, size);
  if (!header.text && (header.bits || header.most == kOneByte || header.most == kTwoBytes)) return {};
  const bool wide = header.most > kOneByte;
  const uint32_t full = wide ? kTwoBytes : kOneByte;
  const std::string start =
      concat(header.channels == 3 ? "P6 " : "P5 ", header.width, " ", header.height, " ", full, "\n");
  std::vector<uint8_t> copy(start.begin(), start.end());
  copy.reserve(start.size() + header.samples() * (wide ? 2 : 1));
  Numbers numbers(data, size, header.content - 1);
  const uint8_t* binary = data + header.content;
  for (size_t i = 0; i < header.samples(); ++i) {
    uint32_t value;
    if (header.bits) {
      value = numbers.next_digit() == 0;  // 1 is black
    } else if (header.text) {
      value = numbers.next();
    } else {
      value = wide ? uint32_t{binary[2 * i]} << 8 | binary[2 * i + 1] : binary[i];
    }
    value = (std::min(value, header.most) * full + header.most / 2) / header.most;
    if (wide) copy.push_back(static_cast<uint8_t>(value >> 8));
    copy.push_back(static_cast<uint8_t>(value));
  }
  return copy;
}

}  // namespace fastmix
