// Walks a JPEG's markers without decoding: what libraries disagree on, or accept at any price.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fastmix {

struct JpegHeader {
  bool framed = false;       // a frame of a known kind was found before the first scan
  bool arithmetic = false;   // its coding: Huffman otherwise
  bool progressive = false;  // every scan adds to all of the picture
  uint32_t height = 0, width = 0;
  std::vector<size_t> exifs;  // where the names of the Exif segments begin
};

// Up to the first scan.
JpegHeader jpeg_header(const uint8_t* data, size_t size);

// How many scans begin, at most `most`.
int count_scans(const uint8_t* data, size_t size, int most);

// Whether the end marker follows the first image's scans; other bytes may follow it.
bool has_end(const uint8_t* data, size_t size);

}  // namespace fastmix
