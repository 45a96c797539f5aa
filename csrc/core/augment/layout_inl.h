// Changes the layout of images: interleaved, planes, packed, transposed, reversed. Part of augment_kernels_inl.h.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSSE3__)
#include <immintrin.h>
#endif

namespace fastmix {
namespace FM_ISA {
namespace {

#if defined(__SSSE3__)
// Indices of the byte shuffles that turn 16 interleaved pixels into one register per channel (split) and back (merge).
// The interleaved pixels fill three registers, called parts. Byte b = 16 * part + lane belongs to pixel b / 3 and
// channel b % 3. Example: lane 1 of part 1 is byte 17, channel 2 of pixel 5. The index -1, which the shuffle turns into
// zero, stands for a byte that lies in another register.
struct InterleaveIndices {
  alignas(16) char merge[3][3][16] = {};  // [part][channel][lane]
  alignas(16) char split[3][3][16] = {};  // [channel][part][lane]
  constexpr InterleaveIndices() {
    for (int c = 0; c < 3; ++c) {
      for (int part = 0; part < 3; ++part) {
        for (int lane = 0; lane < 16; ++lane) {
          const int byte = 16 * part + lane;
          merge[part][c][lane] = static_cast<char>(byte % 3 == c ? byte / 3 : -1);
          const int from = 3 * lane + c - 16 * part;
          split[c][part][lane] = static_cast<char>(from >= 0 && from < 16 ? from : -1);
        }
      }
    }
  }
};
constexpr InterleaveIndices kInterleave;

inline __m128i load_16(const void* at) { return _mm_loadu_si128(static_cast<const __m128i*>(at)); }
inline void store_16(void* at, __m128i x) { _mm_storeu_si128(static_cast<__m128i*>(at), x); }
inline __m128i shuffled(const __m128i* from, const char* first, const char* second, const char* third) {
  const auto pick = [&](int k, const char* index) { return _mm_shuffle_epi8(from[k], load_16(index)); };
  return _mm_or_si128(_mm_or_si128(pick(0, first), pick(1, second)), pick(2, third));
}
#endif

void split(uint8_t* planes, int64_t stride, const uint8_t* pixels, int64_t n) {
  int64_t k = 0;
#if defined(__SSSE3__)
  for (; k + 16 <= n; k += 16) {
    const __m128i from[3] = {load_16(pixels + 3 * k), load_16(pixels + 3 * k + 16), load_16(pixels + 3 * k + 32)};
    for (int c = 0; c < 3; ++c) {
      const auto& index = kInterleave.split[c];
      store_16(planes + c * stride + k, shuffled(from, index[0], index[1], index[2]));
    }
  }
#endif
  for (; k < n; ++k) {
    for (int c = 0; c < 3; ++c) planes[c * stride + k] = pixels[3 * k + c];
  }
}

void merge(uint8_t* pixels, const uint8_t* planes, int64_t stride, int64_t n) {
  int64_t k = 0;
#if defined(__SSSE3__)
  for (; k + 16 <= n; k += 16) {
    const __m128i from[3] = {load_16(planes + k), load_16(planes + stride + k), load_16(planes + 2 * stride + k)};
    for (int part = 0; part < 3; ++part) {
      const auto& index = kInterleave.merge[part];
      store_16(pixels + 3 * k + 16 * part, shuffled(from, index[0], index[1], index[2]));
    }
  }
#endif
  for (; k < n; ++k) {
    for (int c = 0; c < 3; ++c) pixels[3 * k + c] = planes[c * stride + k];
  }
}

void pack(uint32_t* __restrict out, const uint8_t* __restrict planes, int64_t stride, int64_t n) {
  const uint8_t* const r = planes;
  const uint8_t* const g = planes + stride;
  const uint8_t* const b = planes + 2 * stride;
  for (int64_t k = 0; k < n; ++k) out[k] = r[k] | uint32_t{g[k]} << 8 | uint32_t{b[k]} << 16;
}

void unpack(uint8_t* planes, int64_t stride, const uint32_t* __restrict in, int64_t n) {
  for (int c = 0; c < 3; ++c) {
    uint8_t* __restrict const plane = planes + c * stride;
    for (int64_t k = 0; k < n; ++k) plane[k] = static_cast<uint8_t>(in[k] >> (8 * c));
  }
}

using Bytes16 = uint8_t __attribute__((vector_size(16)));

// Interleaves the bytes of rows i and i + 8 into rows 2 i and 2 i + 1, for i = 0 ... 7. Four calls transpose 16 x 16
// bytes.
inline __attribute__((always_inline)) void interleave_rows(Bytes16* rows) {
  Bytes16 mixed[16];
  for (int i = 0; i < 8; ++i) {
    mixed[2 * i] =
        __builtin_shufflevector(rows[i], rows[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    mixed[2 * i + 1] =
        __builtin_shufflevector(rows[i], rows[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  }
  memcpy(rows, mixed, sizeof(mixed));
}

void transpose(uint8_t* out, const uint8_t* in, int64_t height, int64_t width) {
  constexpr int64_t kTile = 16;
  const int64_t tiled_height = height / kTile * kTile, tiled_width = width / kTile * kTile;
  for (int64_t y = 0; y < tiled_height; y += kTile) {
    for (int64_t x = 0; x < tiled_width; x += kTile) {
      Bytes16 rows[kTile];
      for (int i = 0; i < kTile; ++i) memcpy(&rows[i], in + (y + i) * width + x, kTile);
      for (int step = 0; step < 4; ++step) interleave_rows(rows);
      for (int i = 0; i < kTile; ++i) memcpy(out + (x + i) * height + y, &rows[i], kTile);
    }
  }
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = y < tiled_height ? tiled_width : 0; x < width; ++x) out[x * height + y] = in[y * width + x];
  }
}

void reverse(uint8_t* __restrict out, const uint8_t* __restrict in, int64_t n) {
  for (int64_t k = 0; k < n; ++k) out[k] = in[n - 1 - k];
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
