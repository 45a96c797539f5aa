#include "jpeg_structure.h"

#include <cstring>

namespace fastmix {

namespace {

constexpr uint8_t kMark = 0xFF, kStartOfImage = 0xD8, kEndOfImage = 0xD9, kStartOfScan = 0xDA, kApp1 = 0xE1;
constexpr uint8_t kExifName[] = {'E', 'x', 'i', 'f', 0, 0};

bool stands_alone(uint8_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= kStartOfImage); }

bool is_frame(uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// The markers in turn. Between segments, any bytes that are no marker are passed, as libjpeg passes them.
class Markers {
 public:
  Markers(const uint8_t* data, size_t size) : data_(data), size_(size), at_(2) {}

  // The next marker; 0 at the end of the file, also where it ends inside a segment.
  uint8_t next() {
    while (at_ < size_) {
      const void* mark = std::memchr(data_ + at_, kMark, size_ - at_);
      if (mark == nullptr) break;
      at_ = static_cast<const uint8_t*>(mark) - data_ + 1;
      while (at_ < size_ && data_[at_] == kMark) ++at_;
      if (at_ >= size_) break;
      const uint8_t marker = data_[at_++];
      // A zero is an entropy-coded 0xFF.
      if (marker == 0 || stands_alone(marker)) continue;
      content_ = at_;
      length_ = 0;
      if (marker == kEndOfImage) return marker;
      if (size_ - at_ < 2) break;
      const size_t bytes = size_t{data_[at_]} << 8 | data_[at_ + 1];
      if (bytes < 2 || bytes > size_ - at_) break;
      content_ = at_ + 2;
      length_ = bytes - 2;
      at_ += bytes;
      return marker;
    }
    at_ = size_;
    return 0;
  }

  // Of the segment.
  size_t content() const { return content_; }
  size_t length() const { return length_; }

 private:
  const uint8_t* data_;
  size_t size_, at_, content_ = 0, length_ = 0;
};

}  // namespace

JpegHeader jpeg_header(const uint8_t* data, size_t size) {
  JpegHeader header;
  Markers markers(data, size);
  for (uint8_t marker; (marker = markers.next()) != 0 && marker != kStartOfScan && marker != kEndOfImage;) {
    const uint8_t* content = data + markers.content();
    if (is_frame(marker) && markers.length() >= 6 && !header.framed) {
      header.framed = true;
      header.arithmetic = marker >= 0xC9;
      header.progressive = marker % 4 == 2;
      header.height = uint32_t{content[1]} << 8 | content[2];
      header.width = uint32_t{content[3]} << 8 | content[4];
    }
    const bool exif = marker == kApp1 && markers.length() >= sizeof kExifName;
    if (exif && std::memcmp(content, kExifName, sizeof kExifName) == 0) header.exifs.push_back(markers.content());
  }
  return header;
}

int count_scans(const uint8_t* data, size_t size, int most) {
  int scans = 0;
  Markers markers(data, size);
  for (uint8_t marker; scans < most && (marker = markers.next()) != 0 && marker != kEndOfImage;) {
    scans += marker == kStartOfScan;
  }
  return scans;
}

bool has_end(const uint8_t* data, size_t size) {
  Markers markers(data, size);
  uint8_t marker;
  do {
    marker = markers.next();
  } while (marker != 0 && marker != kEndOfImage);
  return marker == kEndOfImage;
}

}  // namespace fastmix
