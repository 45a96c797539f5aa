// An image that one CUDA block augments: where its pixels are, and how threads read and write them.
#pragma once

#include <cstdint>

#include "augment/device_operations.h"
#include "augment/table_math.h"
#include "cuda/divisor.h"
#include "cuda/vector_io.h"

namespace fastmix {

// A multiprocessor holds two blocks of 320 threads if each thread uses at most 96 registers.
constexpr uint32_t kAugmentThreads = 320;

// Interleaved bytes, planes of bytes, or packed pixels R | G << 8 | B << 16.
enum class Form : uint32_t { kInterleaved, kPlanar, kPacked };

// Where the pixels of an image are.
struct PixelPlace {
  unsigned char* data;
  Form form;
  bool words;  // whether pixels 4 i ... 4 i + 3 can be loaded and stored as aligned 32-bit words
};

struct Quad {
  uint32_t pixel[4];
};

__device__ __forceinline__ uint32_t load_pixel(const PixelPlace& place, uint32_t pixels, uint32_t k) {
  if (place.form == Form::kPacked) return load_global<4>(place.data + size_t{4} * k).word[0];
  const bool interleaved = place.form == Form::kInterleaved;
  const unsigned char* const at = place.data + (interleaved ? 3 * k : k);
  const uint32_t step = interleaved ? 1 : pixels;
  return load_global<1>(at).word[0] | load_global<1>(at + step).word[0] << 8 |
         load_global<1>(at + 2 * step).word[0] << 16;
}

__device__ __forceinline__ void store_pixel(const PixelPlace& place, uint32_t pixels, uint32_t k, uint32_t pixel) {
  if (place.form == Form::kPacked) return store_global<4>(place.data + size_t{4} * k, {{pixel}});
  const bool interleaved = place.form == Form::kInterleaved;
  unsigned char* const at = place.data + (interleaved ? 3 * k : k);
  const uint32_t step = interleaved ? 1 : pixels;
  store_global<1>(at, {{pixel & 255u}});
  store_global<1>(at + step, {{pixel >> 8 & 255u}});
  store_global<1>(at + 2 * step, {{pixel >> 16}});
}

// Packs byte j of r, byte j of g and byte j of b into one pixel.
__device__ __forceinline__ uint32_t pixel_of_planes(uint32_t r, uint32_t g, uint32_t b, int j) {
  return (r >> (8 * j) & 255u) | (g >> (8 * j) & 255u) << 8 | (b >> (8 * j) & 255u) << 16;
}

// Loads pixels k ... k + n - 1 (n <= 4). k is a multiple of 4. The last 4 - n pixels of the quad may have any value.
__device__ __forceinline__ Quad load_quad(const PixelPlace& place, uint32_t pixels, uint32_t k, uint32_t n) {
  Quad quad = {};
  if (place.form == Form::kPacked) {
    const Words<4> words = load_global<16>(place.data + size_t{4} * k);
#pragma unroll
    for (int j = 0; j < 4; ++j) quad.pixel[j] = words.word[j];
  } else if (place.words && n == 4) {
    const bool interleaved = place.form == Form::kInterleaved;
    const unsigned char* const at = place.data + (interleaved ? 3 * k : k);
    const uint32_t step = interleaved ? 4 : pixels;
    const uint32_t a = load_global<4>(at).word[0], b = load_global<4>(at + step).word[0];
    const uint32_t c = load_global<4>(at + 2 * step).word[0];
    if (interleaved) {
      quad = {{a & 0xffffffu, (a >> 24 | b << 8) & 0xffffffu, (b >> 16 | c << 16) & 0xffffffu, c >> 8}};
    } else {
#pragma unroll
      for (int j = 0; j < 4; ++j) quad.pixel[j] = pixel_of_planes(a, b, c, j);
    }
  } else {
#pragma unroll
    for (uint32_t j = 0; j < 4; ++j) {
      if (j < n) quad.pixel[j] = load_pixel(place, pixels, k + j);
    }
  }
  return quad;
}

__device__ __forceinline__ void store_quad(const PixelPlace& place, uint32_t pixels, uint32_t k, uint32_t n,
                                           const Quad& quad) {
  const uint32_t (&p)[4] = quad.pixel;
  if (place.form == Form::kPacked) {
    store_global<16>(place.data + size_t{4} * k, {{p[0], p[1], p[2], p[3]}});
  } else if (place.words && n == 4) {
    const bool interleaved = place.form == Form::kInterleaved;
    unsigned char* const at = place.data + (interleaved ? 3 * k : k);
    const uint32_t step = interleaved ? 4 : pixels;
    Words<1> a, b, c;
    if (interleaved) {
      a = {{p[0] | p[1] << 24}};
      b = {{p[1] >> 8 | p[2] << 16}};
      c = {{p[2] >> 16 | p[3] << 8}};
    } else {
      a = {{(p[0] & 255u) | (p[1] & 255u) << 8 | (p[2] & 255u) << 16 | (p[3] & 255u) << 24}};
      b = {{(p[0] >> 8 & 255u) | (p[1] >> 8 & 255u) << 8 | (p[2] >> 8 & 255u) << 16 | (p[3] >> 8 & 255u) << 24}};
      c = {{p[0] >> 16 | p[1] >> 16 << 8 | p[2] >> 16 << 16 | p[3] >> 16 << 24}};
    }
    store_global<4>(at, a);
    store_global<4>(at + step, b);
    store_global<4>(at + 2 * step, c);
  } else {
#pragma unroll
    for (uint32_t j = 0; j < 4; ++j) {
      if (j < n) store_pixel(place, pixels, k + j, p[j]);
    }
  }
}

struct AugmentShared {
  uint8_t table[kColors][kLevels];      // to apply to the stored pixels, if BlockImage::pending
  uint8_t equalized[kColors][kLevels];  // Equalize's table
  uint32_t moved[kColors][kLevels];     // histogram after `table` is applied
  // histogram of the stored pixels, in four copies so that fewer lanes add to one word
  uint32_t counts[kColors][kLevels][4];
  LevelRange ranges[kColors];
  uint32_t luma[kAugmentThreads];
  uint64_t luma_parts[32];
  int32_t mean;
};

// An image between two operations. `now` says where its pixels are: at the input, at the output or in the scratch.
// Operations write to the output. Functions contain barriers, so all threads of the block must take part in each call.
class BlockImage {
 public:
  __device__ __forceinline__ BlockImage(AugmentShared& shared_memory, const PixelPlace& in, const PixelPlace& to,
                                        unsigned char* scratch, int32_t rows, const Divisor& columns)
      : shared(shared_memory),
        now(in),
        out(to),
        height(rows),
        width(columns.value()),
        pixels(static_cast<uint32_t>(rows * columns.value())),
        columns_(columns),
        scratch_(scratch) {}

  AugmentShared& shared;
  PixelPlace now;
  const PixelPlace out;
  const int32_t height, width;
  const uint32_t pixels;
  bool pending = false;  // whether shared.table must still be applied to the pixels at `now`
  bool counted = false;  // whether shared.counts is the histogram of the pixels at `now`

  __device__ __forceinline__ PixelPlace part(uint32_t index) const {
    return {scratch_ + size_t{4} * words_of_part(pixels) * index, Form::kPacked, true};
  }

  // Calls body(k, n) for pixels k ... k + n - 1, n <= 4. The calls cover the image, divided among the block's threads.
  template <typename Body>
  __device__ __forceinline__ void each_quad(const Body& body) const {
#pragma unroll 1
    for (uint32_t k = 4 * threadIdx.x; k < pixels; k += 4 * kAugmentThreads) body(k, pixels - k < 4 ? pixels - k : 4);
  }

  // Calls body(k, y, x) for each pixel k = y * width + x. The block's threads share the pixels.
  template <typename Body>
  __device__ __forceinline__ void each_pixel(const Body& body) const {
#pragma unroll 1
    for (uint32_t k = threadIdx.x; k < pixels; k += kAugmentThreads) {
      const auto y = static_cast<int32_t>(columns_.quotient(k));
      body(k, y, static_cast<int32_t>(k) - y * width);
    }
  }

  __device__ __forceinline__ Quad read(uint32_t k, uint32_t n) const {
    Quad quad = load_quad(now, pixels, k, n);
    if (!pending) return quad;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const uint32_t p = quad.pixel[j];
      quad.pixel[j] = shared.table[0][p & 255u] | static_cast<uint32_t>(shared.table[1][p >> 8 & 255u]) << 8 |
                      static_cast<uint32_t>(shared.table[2][p >> 16]) << 16;
    }
    return quad;
  }

  // Records that the pixels are now at `place`, with no table pending, and waits for all threads.
  __device__ __forceinline__ void arrive(const PixelPlace& place) {
    now = place;
    pending = counted = false;
    __syncthreads();
  }

  // Replaces every pixel by change(pixel) and writes the image to the output.
  template <typename Change>
  __device__ __forceinline__ void rewrite(const Change& change) {
    each_quad([&](uint32_t k, uint32_t n) {
      Quad quad = read(k, n);
#pragma unroll
      for (int j = 0; j < 4; ++j) quad.pixel[j] = change(quad.pixel[j]);
      store_quad(out, pixels, k, n, quad);
    });
    arrive(out);
  }

  // Applies the pending table and puts the pixels into the output.
  __device__ __forceinline__ void settle() {
    if (pending || now.data != out.data) rewrite([](uint32_t pixel) { return pixel; });
  }

  // Copies the pixels to the scratch, with the pending table applied to the copy. Operations that read a pixel's
  // neighbours read the copy, because other threads may already overwrite the output.
  __device__ __forceinline__ PixelPlace stage() const {
    const PixelPlace staged = part(scratch_part::kStaged);
    each_quad([&](uint32_t k, uint32_t n) { store_quad(staged, pixels, k, n, read(k, n)); });
    __syncthreads();
    return staged;
  }

 private:
  const Divisor columns_;
  unsigned char* const scratch_;
};

__device__ __forceinline__ uint32_t pack_pixel(int32_t r, int32_t g, int32_t b) {
  return static_cast<uint32_t>(r) | static_cast<uint32_t>(g) << 8 | static_cast<uint32_t>(b) << 16;
}
__device__ __forceinline__ uint32_t packed_pixel(const PixelPlace& place, int32_t k) {
  return load_global<4>(place.data + int64_t{4} * k).word[0];
}

}  // namespace fastmix
