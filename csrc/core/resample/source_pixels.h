// Loads rows of a source as aligned words, even if a row begins at an unaligned address. Never reads beyond the
// source's pixels.
#pragma once

#include <cstdint>

#include "cuda/vector_io.h"
#include "resample/source.h"

namespace fastmix {

// The memory from a source's first pixel to its last. Between its rows may lie other pixels of the same image.
struct SourceBytes {
  const uint8_t *begin, *end;

  __device__ __forceinline__ bool holds(const uint8_t* first, int bytes) const {
    return first >= begin && first + bytes <= end;
  }
};

__device__ __forceinline__ SourceBytes bytes_of(const Source& source, int channels) {
  return {source.data, source.end(channels)};
}

// The position of this byte (0 to 3) in the aligned word that holds it.
__device__ __forceinline__ uint32_t misalignment(const uint8_t* address) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(address)) & 3u;
}

// Returns the four bytes that begin at byte first % 4 of two neighbouring words.
__device__ __forceinline__ uint32_t four_bytes(uint32_t low, uint32_t high, uint32_t first) {
  const uint64_t both = static_cast<uint64_t>(high) << 32 | low;
  return static_cast<uint32_t>(both >> (8 * (first & 3u)));
}

// Loads an aligned word. Does not read bytes outside the source; they are 0 in the result.
__device__ __forceinline__ uint32_t load_word_within(const uint8_t* word, const SourceBytes& bytes) {
  if (bytes.holds(word, 4)) return load_global<4>(word).word[0];
  uint32_t value = 0;
#pragma unroll 1
  for (int j = 0; j < 4; ++j) {
    if (bytes.holds(word + j, 1)) value |= load_global<1>(word + j).word[0] << (8 * j);
  }
  return value;
}

// A pixel's channels are the lowest bytes of its word. The other bytes may have any value.
struct alignas(16) FourPixels {
  uint32_t pixel[4];
};

// Loads four neighbouring pixels. Only the first `count` must lie in the source.
template <int kChannels>
__device__ __forceinline__ FourPixels load_four_pixels(const uint8_t* from, int32_t count, const SourceBytes& bytes) {
  const uint32_t start = misalignment(from);
  const uint8_t* const aligned = from - start;
  FourPixels four = {};
  if (bytes.holds(aligned, 4 * (kChannels + 1))) {
    uint32_t word[kChannels + 1];
#pragma unroll
    for (int w = 0; w < kChannels; ++w) word[w] = load_global<4>(aligned + 4 * w).word[0];
    word[kChannels] = start == 0 ? 0 : load_global<4>(aligned + 4 * kChannels).word[0];
#pragma unroll
    for (int w = 0; w < kChannels; ++w) word[w] = four_bytes(word[w], word[w + 1], start);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      constexpr int kLast = kChannels - 1;
      const int w = j * kChannels / 4;
      four.pixel[j] = four_bytes(word[w], word[w < kLast ? w + 1 : kLast], static_cast<uint32_t>(j * kChannels));
    }
  } else {
    // Near the ends of the image, load byte by byte.
#pragma unroll
    for (int j = 0; j < 4; ++j) {
#pragma unroll
      for (int c = 0; c < kChannels; ++c) {
        if (j < count) four.pixel[j] |= load_global<1>(from + j * kChannels + c).word[0] << (8 * c);
      }
    }
  }
  return four;
}

}  // namespace fastmix
