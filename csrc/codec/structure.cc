#include "structure.h"

#include <algorithm>
#include <cstring>

#include "jpeg_structure.h"
#include "pnm.h"
#include "tiff_structure.h"

namespace fastmix {

namespace {

// A block of 8 x 8 pixels takes a bit or more; only arithmetic coding has no such bound.
constexpr uint64_t kMostJpegPixelsPerByte = 8 * 64;
// Deflate makes at most so many bytes of one.
constexpr uint64_t kMostInflation = 1032;
constexpr size_t kPngSignature = 8, kPngChunk = 12, kRiffHeader = 12, kRiffChunk = 8;

uint32_t big_endian(const uint8_t* p) {
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | p[3];
}
uint32_t little_endian(const uint8_t* p) {
  return uint32_t{p[3]} << 24 | uint32_t{p[2]} << 16 | uint32_t{p[1]} << 8 | p[0];
}

bool sound_png(const uint8_t* data, size_t size) {
  constexpr size_t kHeader = kPngSignature + kPngChunk + 13;
  if (size < kHeader || std::memcmp(data + kPngSignature + 4, "IHDR", 4) != 0) return false;
  const uint64_t width = big_endian(data + 16), height = big_endian(data + 20);
  // Rows of at least one bit a pixel and a byte for the filter; interlacing adds rows, never bytes below this.
  if (height != 0 && (width / 8 + 1) > kMostInflation * size / height) return false;
  for (size_t at = kPngSignature; size - at >= kPngChunk;) {
    const size_t length = big_endian(data + at);
    if (length > size - at - kPngChunk) return false;
    if (std::memcmp(data + at + 4, "IEND", 4) == 0) return true;
    at += kPngChunk + length;
  }
  return false;
}

// Calls `visit` with the place of each chunk; false where one ends beyond the file.
template <typename Visit>
bool each_webp_chunk(const uint8_t* data, size_t size, Visit&& visit) {
  if (size < kRiffHeader || std::memcmp(data, "RIFF", 4) != 0) return false;
  for (size_t at = kRiffHeader; at < size && size - at >= kRiffChunk;) {
    const size_t length = little_endian(data + at + 4);
    if (length > size - at - kRiffChunk) return false;
    visit(at);
    at += kRiffChunk + length + length % 2;
  }
  return true;
}

bool sound_jpeg(const uint8_t* data, size_t size) {
  const JpegHeader header = jpeg_header(data, size);
  return header.arithmetic || uint64_t{header.height} * header.width <= kMostJpegPixelsPerByte * size;
}

}  // namespace

bool sound_header(Kind kind, const uint8_t* data, size_t size) {
  if (kind == Kind::kJpeg) return sound_jpeg(data, size);
  if (kind == Kind::kPng) return sound_png(data, size);
  if (kind == Kind::kPnm) return sound_pnm(data, size);
  if (kind == Kind::kTiff) return sound_tiff(data, size);
  return kind != Kind::kWebp || each_webp_chunk(data, size, [](size_t) {});
}

bool sound_body(Kind kind, const uint8_t* data, size_t size) {
  return kind != Kind::kJpeg || count_scans(data, size, kMostScans + 1) <= kMostScans;
}

bool complete(Kind kind, const uint8_t* data, size_t size) {
  if (kind != Kind::kJpeg) return true;
  const bool ends = size >= 4 && data[size - 2] == 0xFF && data[size - 1] == 0xD9;
  return ends || has_end(data, size);
}

bool is_whole_jpeg(Kind kind, const uint8_t* data, size_t size) {
  return kind == Kind::kJpeg && complete(kind, data, size) && sound_body(kind, data, size);
}

std::vector<uint8_t> unambiguous(Kind kind, const uint8_t* data, size_t size) {
  if (kind == Kind::kPnm) return pnm_of_full_range(data, size);
  std::vector<uint8_t> copy;
  const auto change = [&]() -> std::vector<uint8_t>& {
    if (copy.empty()) copy.assign(data, data + size);
    return copy;
  };
  if (kind == Kind::kJpeg) {
    const std::vector<size_t> exifs = jpeg_header(data, size).exifs;
    for (size_t i = 1; i < exifs.size(); ++i) change()[exifs[i]] = 'X';
  } else if (kind == Kind::kWebp) {
    each_webp_chunk(data, size, [&](size_t at) {
      const uint32_t length = little_endian(data + at + 4);
      if (length % 2 == 0 || size - at - kRiffChunk == length) return;
      for (size_t byte = 0; byte < 4; ++byte) change()[at + 4 + byte] = static_cast<uint8_t>((length + 1) >> 8 * byte);
    });
  }
  return copy;
}

}  // namespace fastmix
