// Splitting pixels into channels, and mixing with normalising. Part of kernels_inl.h.
#pragma once

#include <cstring>

#include "../mix_math.h"
#include "convert_inl.h"

#if defined(__F16C__) || defined(__SSSE3__)
#include <immintrin.h>
#endif

namespace fastmix {
namespace FM_ISA {
namespace {

#if defined(__SSSE3__)
// Byte `lane` of plane `channel` of 16 RGB pixels is byte 3 * lane + channel of 48: the part of it that lies
// in register `part` (bytes 16 * part ... 16 * part + 15), -1 (zero) elsewhere.
constexpr char split_index(int channel, int part, int lane) {
  const int byte = 3 * lane + channel - 16 * part;
  return static_cast<char>(byte >= 0 && byte < 16 ? byte : -1);
}
inline __m128i split_mask(int channel, int part) {
  alignas(16) char index[16];
  for (int lane = 0; lane < 16; ++lane) index[lane] = split_index(channel, part, lane);
  return _mm_load_si128(reinterpret_cast<const __m128i*>(index));
}

inline int64_t split_rgb(uint8_t* out, const uint8_t* row, int64_t width) {
  __m128i masks[3][3];
  for (int channel = 0; channel < 3; ++channel) {
    for (int part = 0; part < 3; ++part) masks[channel][part] = split_mask(channel, part);
  }
  int64_t x = 0;
  for (; x + 16 <= width; x += 16) {
    __m128i bytes[3];
    for (int part = 0; part < 3; ++part) {
      bytes[part] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + 3 * x + 16 * part));
    }
    for (int channel = 0; channel < 3; ++channel) {
      const __m128i first = _mm_shuffle_epi8(bytes[0], masks[channel][0]);
      const __m128i second = _mm_shuffle_epi8(bytes[1], masks[channel][1]);
      const __m128i third = _mm_shuffle_epi8(bytes[2], masks[channel][2]);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + channel * width + x),
                       _mm_or_si128(_mm_or_si128(first, second), third));
    }
  }
  return x;
}
#endif

void unpack(uint8_t* out, const uint8_t* row, int64_t width, int32_t channels, bool planar, bool mirror) {
  if (!planar) {
    if (!mirror) {
      memcpy(out, row, width * channels);
      return;
    }
    for (int64_t x = 0; x < width; ++x) {
      for (int32_t c = 0; c < channels; ++c) out[x * channels + c] = row[(width - 1 - x) * channels + c];
    }
    return;
  }
  int64_t x = 0;
#if defined(__SSSE3__)
  if (channels == 3) x = split_rgb(out, row, width);
#endif
  for (; x < width; ++x) {
    for (int32_t c = 0; c < channels; ++c) out[c * width + x] = row[x * channels + c];
  }
  if (!mirror) return;
  for (int32_t c = 0; c < channels; ++c) {
    uint8_t* plane = out + c * width;
#pragma GCC ivdep
    for (int64_t i = 0; i < width / 2; ++i) {
      const uint8_t left = plane[i];
      plane[i] = plane[width - 1 - i];
      plane[width - 1 - i] = left;
    }
  }
}

// Scale and bias come by value (one channel) or as arrays (interleaved channels).
struct Constant {
  float value;
  float operator[](int64_t) const { return value; }
  Constant operator+(int64_t) const { return *this; }
};

template <typename T, typename Factor>
void normalize_span(T* out, const uint8_t* own, const uint8_t* partner, float weight, Factor scale, Factor bias,
                    int64_t n) {
#pragma GCC ivdep
  for (int64_t k = 0; k < n; ++k) {
    out[k] = narrow_float<T>(normalize_element(own[k], partner[k], weight, scale[k], bias[k]));
  }
}

template <typename Factor>
void normalize_half(Half* out, const uint8_t* own, const uint8_t* partner, float weight, Factor scale, Factor bias,
                    int64_t n) {
  float x[kChunk];
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = n - begin < kChunk ? n - begin : kChunk;
    normalize_span(x, own + begin, partner + begin, weight, scale + begin, bias + begin, count);
    narrow_span(out + begin, x, count);
  }
}

template <typename Factor>
void normalize(DType dtype, void* out, const uint8_t* own, const uint8_t* partner, float weight, Factor scale,
               Factor bias, int64_t n) {
  switch (dtype) {
    case DType::kF16:
      return normalize_half(static_cast<Half*>(out), own, partner, weight, scale, bias, n);
    case DType::kBF16:
      return normalize_span(static_cast<BFloat16*>(out), own, partner, weight, scale, bias, n);
    default:
      return normalize_span(static_cast<float*>(out), own, partner, weight, scale, bias, n);
  }
}

void normalize_plane(DType dtype, void* out, const uint8_t* own, const uint8_t* partner, float weight, float scale,
                     float bias, int64_t n) {
  normalize(dtype, out, own, partner, weight, Constant{scale}, Constant{bias}, n);
}

void normalize_interleaved(DType dtype, void* out, const uint8_t* own, const uint8_t* partner, float weight,
                           const float* scale, const float* bias, int64_t n) {
  normalize(dtype, out, own, partner, weight, scale, bias, n);
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
