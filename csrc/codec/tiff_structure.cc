#include "tiff_structure.h"

#include <algorithm>
#include <optional>

namespace fastmix {

namespace {

enum Tag : uint64_t {
  kWidth = 256,
  kHeight = 257,
  kBits = 258,
  kCompression = 259,
  kColours = 262,
  kStripOffsets = 273,
  kChannels = 277,
  kRowsPerStrip = 278,
  kStripBytes = 279,
  kPlanes = 284,
  kTileOffsets = 324,
  kTileBytes = 325,
};
constexpr uint64_t kByte = 1, kShort = 3, kLong = 4, kLong8 = 16;
constexpr uint64_t kUncompressed = 1, kOldJpeg = 6, kYCbCr = 6, kSeparate = 2;
// Beyond it sums and products of three numbers might not fit; no file has so many rows, bits or bytes.
constexpr uint64_t kMost = uint64_t{1} << 31;

// Numbers at a place in the file.
struct Values {
  uint64_t at, count, bytes;  // bytes of each
};

class Directory {
 public:
  // Of a file that begins with II or MM and 42 or 43.
  Directory(const uint8_t* data, uint64_t size) : data_(data), size_(size), little_(data[0] == 'I') {
    if (size < 16) return;
    big_ = number(2, 2) == 43;
    const uint64_t at = big_ ? number(8, 8) : number(4, 4);
    const uint64_t head = big_ ? 8 : 2;
    if (at > size || size - at < head) return;
    first_ = at + head;
    count_ = std::min(number(at, head), (size - first_) / entry_bytes());
  }

  bool has(Tag tag) const { return entry_of(tag) != 0; }
  bool empty() const { return count_ == 0; }

  // Of the first entry with this tag. Nothing where there is none, or its type is no unsigned integer; no values if
  // they do not lie in the file.
  std::optional<Values> find(Tag tag) const {
    const uint64_t entry = entry_of(tag);
    if (entry == 0) return {};
    const uint64_t type = number(entry + 2, 2), width = big_ ? 8 : 4;
    const uint64_t bytes = type == kByte ? 1 : type == kShort ? 2 : type == kLong ? 4 : type == kLong8 ? 8 : 0;
    const uint64_t count = number(entry + 4, width), inline_at = entry + 4 + width;
    if (bytes == 0 || count == 0) return {};
    const uint64_t at = count <= width / bytes ? inline_at : number(inline_at, width);
    if (at > size_ || count > (size_ - at) / bytes) return Values{0, 0, bytes};
    return Values{at, count, bytes};
  }

  uint64_t value(const Values& values, uint64_t i) const { return number(values.at + i * values.bytes, values.bytes); }

  uint64_t first_of(Tag tag, uint64_t otherwise) const {
    const std::optional<Values> found = find(tag);
    return found && found->count > 0 ? value(*found, 0) : otherwise;
  }

 private:
  // The place of the first entry with this tag; 0 if there is none.
  uint64_t entry_of(Tag tag) const {
    for (uint64_t i = 0; i < count_; ++i) {
      if (const uint64_t entry = first_ + i * entry_bytes(); number(entry, 2) == tag) return entry;
    }
    return 0;
  }

  uint64_t entry_bytes() const { return big_ ? 20 : 12; }

  uint64_t number(uint64_t at, uint64_t bytes) const {
    uint64_t result = 0;
    for (uint64_t i = 0; i < bytes; ++i) result = result << 8 | data_[at + (little_ ? bytes - 1 - i : i)];
    return result;
  }

  const uint8_t* data_;
  uint64_t size_, first_ = 0, count_ = 0;
  bool little_, big_ = false;
};

// Of uncompressed strips, libtiff reads what the rows need, whatever StripByteCounts says.
struct Strips {
  uint64_t height, rows, row_bytes, planes;

  explicit Strips(const Directory& directory) : height(directory.first_of(kHeight, 0)) {
    rows = std::min(directory.first_of(kRowsPerStrip, height), height);
    const uint64_t channels = directory.first_of(kChannels, 1);
    planes = directory.first_of(kPlanes, 1) == kSeparate ? channels : 1;
    const uint64_t width = directory.first_of(kWidth, 0), bits = directory.first_of(kBits, 1);
    const bool known = std::max({width, height, channels, bits, planes}) < kMost && channels * bits < kMost;
    row_bytes = known && rows > 0 ? (width * (planes == 1 ? channels : 1) * bits + 7) / 8 : 0;
  }

  bool known() const { return row_bytes > 0 && row_bytes < kMost; }
  uint64_t per_plane() const { return (height + rows - 1) / rows; }
  uint64_t bytes(uint64_t i) const { return std::min(rows, height - i % per_plane() * rows) * row_bytes; }
};

}  // namespace

bool sound_tiff(const uint8_t* data, size_t size) {
  const Directory directory(data, size);
  if (directory.empty()) return true;
  const uint64_t compression = directory.first_of(kCompression, kUncompressed);
  const bool tiled = directory.has(kTileOffsets);
  // The old form of JPEG in TIFF has its place in other tags.
  if (!tiled && !directory.has(kStripOffsets)) return compression == kOldJpeg;
  const std::optional<Values> offsets = directory.find(tiled ? kTileOffsets : kStripOffsets);
  const std::optional<Values> counts = directory.find(tiled ? kTileBytes : kStripBytes);
  if (!offsets) return true;
  if (offsets->count == 0) return false;
  const Strips strips(directory);
  const bool by_rows =
      compression == kUncompressed && !tiled && strips.known() && directory.first_of(kColours, 0) != kYCbCr;
  uint64_t read = offsets->count;
  if (!tiled && strips.known()) read = std::min(read, strips.per_plane() * strips.planes);
  for (uint64_t i = 0; i < read; ++i) {
    const uint64_t at = directory.value(*offsets, i);
    uint64_t bytes = counts && i < counts->count ? directory.value(*counts, i) : 0;
    if (by_rows) bytes = strips.bytes(i);
    if (at > size || bytes > size - at) return false;
  }
  return true;
}

}  // namespace fastmix
