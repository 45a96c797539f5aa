// Copies a row of interleaved pixels to planes or to interleaved pixels, mirrored or not. Part of kernels_inl.h.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSSE3__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace fastmix {
namespace FM_ISA {
namespace {

#if defined(__SSSE3__)
// Byte `lane` of plane `channel` comes from byte 3 * lane + channel of the 48 bytes of 16 RGB pixels. Returns that
// byte's index in register `part`, which holds bytes 16 * part ... 16 * part + 15. Returns -1 if the byte lies in
// another register: the shuffle then gives zero.
constexpr char split_index(int channel, int part, int lane) {
  const int byte = 3 * lane + channel - 16 * part;
  return static_cast<char>(byte >= 0 && byte < 16 ? byte : -1);
}
struct SplitIndices {
  alignas(16) char index[3][3][16] = {};  // [channel][part][lane]
  constexpr explicit SplitIndices(bool mirror) {
    for (int channel = 0; channel < 3; ++channel) {
      for (int part = 0; part < 3; ++part) {
        for (int lane = 0; lane < 16; ++lane)
          index[channel][part][lane] = split_index(channel, part, mirror ? 15 - lane : lane);
      }
    }
  }
};
constexpr SplitIndices kSplit(false), kSplitMirrored(true);

// Splits RGB pixels into three planes, 16 pixels at a time. Returns how many it split.
inline int64_t split_rgb(uint8_t* out, const uint8_t* row, int64_t width, bool mirror) {
  const auto& index = (mirror ? kSplitMirrored : kSplit).index;
  const auto pick = [&](__m128i bytes, int channel, int part) {
    return _mm_shuffle_epi8(bytes, _mm_load_si128(reinterpret_cast<const __m128i*>(index[channel][part])));
  };
  int64_t x = 0;
  for (; x + 16 <= width; x += 16) {
    __m128i bytes[3];
    for (int part = 0; part < 3; ++part) {
      bytes[part] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + 3 * x + 16 * part));
    }
    uint8_t* const to = out + (mirror ? width - 16 - x : x);
    for (int channel = 0; channel < 3; ++channel) {
      const __m128i most = _mm_or_si128(pick(bytes[0], channel, 0), pick(bytes[1], channel, 1));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + channel * width),
                       _mm_or_si128(most, pick(bytes[2], channel, 2)));
    }
  }
  return x;
}

// Mirrors a row of RGB pixels, five at a time, from the start of the output. Returns how many it mirrored. Each store
// writes one byte after its five pixels, and each load begins one byte before its five pixels. So it stops while at
// least one pixel is left.
inline int64_t mirror_rgb(uint8_t* out, const uint8_t* row, int64_t width) {
  const __m128i order = _mm_setr_epi8(13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, 0);
  int64_t x = 0;
  for (; x + 5 < width; x += 5) {
    const auto* from = reinterpret_cast<const __m128i*>(row + 3 * (width - x - 5) - 1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 3 * x), _mm_shuffle_epi8(_mm_loadu_si128(from), order));
  }
  return x;
}
#elif defined(__aarch64__)
inline uint8x16_t reversed(uint8x16_t x) {
  const uint8x16_t halves = vrev64q_u8(x);
  return vextq_u8(halves, halves, 8);
}

// Splits RGB pixels into three planes, 16 pixels at a time. Returns how many it split.
inline int64_t split_rgb(uint8_t* out, const uint8_t* row, int64_t width, bool mirror) {
  int64_t x = 0;
  for (; x + 16 <= width; x += 16) {
    const uint8x16x3_t pixels = vld3q_u8(row + 3 * x);
    uint8_t* const to = out + (mirror ? width - 16 - x : x);
    for (int channel = 0; channel < 3; ++channel) {
      vst1q_u8(to + channel * width, mirror ? reversed(pixels.val[channel]) : pixels.val[channel]);
    }
  }
  return x;
}

// Mirrors a row of RGB pixels, 16 at a time, from the start of the output. Returns how many it mirrored.
inline int64_t mirror_rgb(uint8_t* out, const uint8_t* row, int64_t width) {
  int64_t x = 0;
  for (; x + 16 <= width; x += 16) {
    uint8x16x3_t pixels = vld3q_u8(row + 3 * (width - 16 - x));
    for (auto& channel : pixels.val) channel = reversed(channel);
    vst3q_u8(out + 3 * x, pixels);
  }
  return x;
}
#endif

void unpack(uint8_t* out, const uint8_t* row, int64_t width, int32_t channels, bool planar, bool mirror) {
  if (!planar && !mirror) {
    memcpy(out, row, width * channels);
    return;
  }
  int64_t x = 0;  // the next pixel, counted in the row if planar, else in the output
#if defined(__SSSE3__) || defined(__aarch64__)
  if (channels == 3) x = planar ? split_rgb(out, row, width, mirror) : mirror_rgb(out, row, width);
#endif
  for (; x < width; ++x) {
    const int64_t other = mirror ? width - 1 - x : x;
    for (int32_t c = 0; c < channels; ++c) {
      if (planar) {
        out[c * width + other] = row[x * channels + c];
      } else {
        out[x * channels + c] = row[other * channels + c];
      }
    }
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
