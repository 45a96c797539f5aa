// Rotations. Part of augment_kernels_inl.h.
//
// Levels are computed in float32 first. If a level is so near an integer that truncation might give another level than
// Pillow's, the pixel is computed again in float64.
#pragma once

#include <cstdint>
#include <cstring>

#include "augment/blocks_inl.h"
#include "augment/pixel_math.h"
#include "augment/warp_math.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace fastmix {
namespace FM_ISA {
namespace {

void nearest_warp(uint32_t* __restrict out, const uint32_t* __restrict source, int32_t height, int32_t width, int32_t x,
                  int32_t y, int32_t step_x, int32_t step_y, int32_t n) {
  int32_t offset[kBlock];
  const int32_t fill = height * width;  // index of the fill colour in `source`
  for (int32_t begin = 0; begin < n; begin += kBlock) {
    const int32_t count = n - begin < kBlock ? n - begin : static_cast<int32_t>(kBlock);
    for (int32_t k = 0; k < count; ++k) {
      const int32_t column = (x + (begin + k) * step_x) >> 16;
      const int32_t row = (y + (begin + k) * step_y) >> 16;
      const bool inside = (column >= 0) & (column < width) & (row >= 0) & (row < height);
      offset[k] = inside ? row * width + column : fill;
    }
    for (int32_t k = 0; k < count; ++k) out[begin + k] = source[offset[k]];
  }
}

// Offset in `source` of the pixel (point.row, point.column). If the point lies outside the image, the result is the
// offset of the image's first pixel, which is safe to read.
inline __attribute__((always_inline)) int32_t offset_of(const WarpRow& row, const WarpPoint& point) {
  const int32_t pixel = (point.row + row.frame) * row.pitch + point.column + row.frame;
  const int32_t first = row.frame * row.pitch + row.frame;
  return point.inside ? pixel : first;
}

struct WarpBlock {
  alignas(64) int32_t offset[kBlock];
  alignas(64) float x[kBlock];
  alignas(64) float y[kBlock];
  alignas(64) uint32_t outside[kBlock];  // all bits set if the pixel is outside, else none
};

inline void place_block(WarpBlock& block, const WarpRow& row, int32_t begin) {
  const WarpRow at = row;
  for (int32_t k = 0; k < kBlock; ++k) {
    const WarpPoint point = warp_point(at.m, at.y, begin + k, at.height, at.width);
    block.offset[k] = offset_of(at, point);
    block.x[k] = static_cast<float>(point.x);
    block.y[k] = static_cast<float>(point.y);
    block.outside[k] = point.inside ? 0u : ~0u;
  }
}

// Replaces pixels k with doubts[k] != 0 by their float64 results, then writes the block.
inline __attribute__((always_inline)) void store_block(uint32_t* out, const WarpRow& row, int32_t begin, int32_t n,
                                                       uint32_t* pixels, const uint32_t* doubts, bool in_doubt,
                                                       uint32_t (*exact)(const WarpRow&, int32_t)) {
  const int32_t count = n - begin < kBlock ? n - begin : static_cast<int32_t>(kBlock);
  if (in_doubt) {
    for (int32_t k = 0; k < count; ++k) {
      if (doubts[k] != 0) pixels[k] = exact(row, begin + k);
    }
  }
  memcpy(out + begin, pixels, count * sizeof(uint32_t));
}

inline uint32_t exact_linear_pixel(const WarpRow& row, int32_t k) {
  const WarpPoint point = warp_point(row.m, row.y, k, row.height, row.width);
  const uint32_t* const above = row.source + offset_of(row, point);
  const uint32_t* const below = above + row.pitch;
  return linear_pixel(above[0], above[1], below[0], below[1], point.x, point.y);
}

void linear_warp(uint32_t* out, const WarpRow& row, int32_t n) {
  WarpBlock block;
  alignas(64) uint32_t a[kBlock], b[kBlock], c[kBlock], d[kBlock], pixels[kBlock];
  alignas(64) uint32_t doubts[kBlock];
  for (int32_t begin = 0; begin < n; begin += kBlock) {
    place_block(block, row, begin);
    for (int32_t k = 0; k < kBlock; ++k) {
      const uint32_t* const from = row.source + block.offset[k];
      uint64_t above, below;
      memcpy(&above, from, sizeof(above));
      memcpy(&below, from + row.pitch, sizeof(below));
      a[k] = static_cast<uint32_t>(above);
      b[k] = static_cast<uint32_t>(above >> 32);
      c[k] = static_cast<uint32_t>(below);
      d[k] = static_cast<uint32_t>(below >> 32);
    }
    uint32_t doubt = 0;
    for (int32_t k = 0; k < kBlock; ++k) {
      const uint32_t different = (a[k] ^ b[k]) | (c[k] ^ d[k]) | (a[k] ^ c[k]);
      const float x = block.x[k], y = block.y[k];
      uint32_t pixel = 0, doubtful = 0;
      for (int color = 0; color < 3; ++color) {
        const int32_t p = level_of(a[k], color), q = level_of(b[k], color);
        const int32_t r = level_of(c[k], color), s = level_of(d[k], color);
        const float upper = static_cast<float>(p) + static_cast<float>(q - p) * x;
        const float lower = static_cast<float>(r) + static_cast<float>(s - r) * x;
        const float level = upper + (lower - upper) * y;
        const int32_t whole = static_cast<int32_t>(level);
        pixel |= static_cast<uint32_t>(whole) << (8 * color);
        doubtful |= near_integer(level, whole, kLinearBound) ? different & (0xffu << (8 * color)) : 0u;
      }
      pixels[k] = (pixel & ~block.outside[k]) | (row.fill & block.outside[k]);
      doubts[k] = doubtful & ~block.outside[k];
      doubt |= doubts[k];
    }
    store_block(out, row, begin, n, pixels, doubts, doubt != 0, exact_linear_pixel);
  }
}

inline uint32_t exact_cubic_pixel(const WarpRow& row, int32_t k) {
  const WarpPoint point = warp_point(row.m, row.y, k, row.height, row.width);
  const uint32_t* const first = row.source + offset_of(row, point) - row.pitch - 1;
  uint32_t pixel = 0;
  for (int color = 0; color < 3; ++color) {
    double rows[4];
    for (int j = 0; j < 4; ++j) {
      const uint32_t* const from = first + j * row.pitch;
      rows[j] = cubic_row_level(from[0], from[1], from[2], from[3], color, point.x);
    }
    pixel |= static_cast<uint32_t>(clamp_level(cubic(rows[0], rows[1], rows[2], rows[3], point.y))) << (8 * color);
  }
  return pixel;
}

// Four packed pixels of a row as 16 floats: kTapParts vectors of kTapLanes floats, each as wide as a register.
#if defined(__AVX512F__)
constexpr int kTapLanes = 16;
#elif defined(__AVX2__)
constexpr int kTapLanes = 8;
#else
constexpr int kTapLanes = 4;
#endif
constexpr int kTapParts = 16 / kTapLanes;
using TapFloats = float __attribute__((vector_size(4 * kTapLanes)));
using PixelFloats = float __attribute__((vector_size(16)));

inline __attribute__((always_inline)) TapFloats load_levels(const uint32_t* from) {
#if defined(__AVX512F__)
  // Uses the maskz forms with every lane set, because GCC 12 warns of an uninitialised variable in the plain forms.
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return _mm512_maskz_cvtepi32_ps(0xffff, _mm512_maskz_cvtepu8_epi32(0xffff, bytes));
#elif defined(__AVX2__)
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
#elif defined(__SSE2__)
  const __m128i zero = _mm_setzero_si128(), bytes = _mm_cvtsi32_si128(static_cast<int32_t>(*from));
  return _mm_cvtepi32_ps(_mm_unpacklo_epi16(_mm_unpacklo_epi8(bytes, zero), zero));
#else
  const auto level = [&](int channel) { return static_cast<float>((*from >> (8 * channel)) & 0xff); };
  return TapFloats{level(0), level(1), level(2), level(3)};
#endif
}
inline __attribute__((always_inline)) TapFloats load_taps(const float* from) {
  TapFloats taps;
  memcpy(&taps, __builtin_assume_aligned(from, sizeof(TapFloats)), sizeof(TapFloats));
  return taps;
}

// Sets `sum` to the sum of the four pixels in `parts`.
inline __attribute__((always_inline)) void add_taps(PixelFloats& sum, const TapFloats* parts) {
#if defined(__AVX512F__)
  const TapFloats& p = parts[0];
  sum = __builtin_shufflevector(p, p, 0, 1, 2, 3) + __builtin_shufflevector(p, p, 4, 5, 6, 7) +
        __builtin_shufflevector(p, p, 8, 9, 10, 11) + __builtin_shufflevector(p, p, 12, 13, 14, 15);
#elif defined(__AVX2__)
  const TapFloats p = parts[0] + parts[1];
  sum = __builtin_shufflevector(p, p, 0, 1, 2, 3) + __builtin_shufflevector(p, p, 4, 5, 6, 7);
#else
  sum = parts[0] + parts[1] + parts[2] + parts[3];
#endif
}

// The weights of four neighbours are cubic polynomials in x. Row p holds the four coefficients of x^p, each repeated
// for four channels.
alignas(64) constexpr float kCubicPowers[4][16] = {{0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0},
                                                   {-1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0},
                                                   {2, 2, 2, 2, -2, -2, -2, -2, 1, 1, 1, 1, -1, -1, -1, -1},
                                                   {-1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1}};

// Computes the levels of one pixel from its 4 x 4 neighbours. Sets bits of a channel in `apart` if the neighbours
// differ in that channel.
inline __attribute__((always_inline)) void cubic_levels(float* levels, uint32_t& apart, const uint32_t* first,
                                                        int32_t pitch, const float (*wy)[kBlock], int32_t k, float x) {
  TapFloats sums[kTapParts];
#pragma GCC unroll 4
  for (int part = 0; part < kTapParts; ++part) {
    const auto row = [&](int j) { return load_levels(first + j * pitch + part * (kTapLanes / 4)) * wy[j][k]; };
    const auto power = [&](int j) { return load_taps(kCubicPowers[j] + part * kTapLanes); };
    const TapFloats sum = row(0) + row(1) + (row(2) + row(3));
    sums[part] = sum * (power(0) + x * (power(1) + x * (power(2) + x * power(3))));
  }
  PixelFloats level;
  add_taps(level, sums);
  memcpy(levels, &level, sizeof(level));
  uint32_t different = 0;
  for (int j = 0; j < 4; ++j) {
    uint64_t pairs[2];
    memcpy(pairs, first + j * pitch, sizeof(pairs));
    const uint64_t splat = first[0] * 0x100000001ull;
    const uint64_t both = (pairs[0] ^ splat) | (pairs[1] ^ splat);
    different |= static_cast<uint32_t>(both | both >> 32);
  }
  apart = different;
}

void cubic_warp(uint32_t* out, const WarpRow& row, int32_t n) {
  WarpBlock block;
  alignas(64) float wy[4][kBlock];
  alignas(64) float levels[kBlock][4];
  alignas(64) uint32_t different[kBlock], pixels[kBlock], doubts[kBlock];
  for (int32_t begin = 0; begin < n; begin += kBlock) {
    place_block(block, row, begin);
    for (int32_t k = 0; k < kBlock; ++k) {
      cubic_weights(block.y[k], wy[0][k], wy[1][k], wy[2][k], wy[3][k]);
    }
    for (int32_t k = 0; k < kBlock; ++k) {
      cubic_levels(levels[k], different[k], row.source + block.offset[k] - row.pitch - 1, row.pitch, wy, k, block.x[k]);
    }
    uint32_t doubt = 0;
    for (int32_t k = 0; k < kBlock; ++k) {
      const uint32_t center = row.source[block.offset[k]];
      uint32_t pixel = 0, doubtful = 0;
      for (int color = 0; color < 3; ++color) {
        const float level = levels[k][color];
        const int32_t whole = static_cast<int32_t>(level);
        const uint32_t bits = 0xffu << (8 * color);
        const uint32_t varied = different[k] & bits;
        pixel |= varied == 0 ? center & bits : static_cast<uint32_t>(clamp_whole(whole)) << (8 * color);
        doubtful |= near_integer(level, whole, kCubicBound) ? varied : 0u;
      }
      pixels[k] = (pixel & ~block.outside[k]) | (row.fill & block.outside[k]);
      doubts[k] = doubtful & ~block.outside[k];
      doubt |= doubts[k];
    }
    store_block(out, row, begin, n, pixels, doubts, doubt != 0, exact_cubic_pixel);
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
