// Included by one .cc per instruction set, inside a namespace of its own. Only always-inline helpers are
// called, so no code compiled for wide vectors can end up in a build for narrow ones. Written for the
// compiler to vectorise; intrinsics only where it cannot (16-bit floats, splitting channels).

#include <cstring>

#include "../mix_math.h"
#include "kernels.h"

#if defined(__F16C__) || defined(__SSSE3__)
#include <immintrin.h>
#endif

namespace fastmix {
namespace FM_ISA {
namespace {

// Elements converted at a time through buffers that stay in the first-level cache.
constexpr int64_t kChunk = 64;

// ---- 16-bit floats <-> float32 in bulk ---------------------------------------------------------------------

inline void widen_span(float* out, const BFloat16* in, int64_t n) {
  const auto* bits = reinterpret_cast<const uint16_t*>(in);
  for (int64_t k = 0; k < n; ++k) out[k] = to_float(BFloat16{bits[k]});
}

inline void narrow_span(BFloat16* out, const float* in, int64_t n) {
  auto* bits = reinterpret_cast<uint16_t*>(out);
  for (int64_t k = 0; k < n; ++k) bits[k] = to_bfloat16(in[k]).bits;
}

inline void widen_span(float* out, const Half* in, int64_t n) {
  int64_t k = 0;
#if defined(__F16C__)
  for (; k + 8 <= n; k += 8) {
    _mm256_storeu_ps(out + k, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + k))));
  }
#endif
  for (; k < n; ++k) out[k] = to_float(in[k]);
}

inline void narrow_span(Half* out, const float* in, int64_t n) {
  int64_t k = 0;
#if defined(__F16C__)
  for (; k + 8 <= n; k += 8) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + k),
                     _mm256_cvtps_ph(_mm256_loadu_ps(in + k), _MM_FROUND_TO_NEAREST_INT));
  }
#endif
  for (; k < n; ++k) out[k] = to_half(in[k]);
}

// ---- mix ---------------------------------------------------------------------------------------------------

// The formula itself, in float64.
template <typename T>
void blend_span(T* out, const T* own, const T* partner, double weight, int64_t n) {
#pragma GCC ivdep
  for (int64_t k = 0; k < n; ++k) out[k] = narrow<T>(blend(widen(own[k]), widen(partner[k]), weight));
}

// The same in three loops that vectorise: narrow<T> of a 16-bit float is a float32's narrowing of round_to_odd.
template <typename T16>
void blend_16(T16* out, const T16* own, const T16* partner, double weight, int64_t n) {
  float x[kChunk], y[kChunk];
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = n - begin < kChunk ? n - begin : kChunk;
    widen_span(x, own + begin, count);
    widen_span(y, partner + begin, count);
    for (int64_t k = 0; k < count; ++k) x[k] = round_to_odd(blend(x[k], y[k], weight));
    narrow_span(out + begin, x, count);
  }
}
template <>
void blend_span(Half* out, const Half* own, const Half* partner, double weight, int64_t n) {
  blend_16(out, own, partner, weight, n);
}
template <>
void blend_span(BFloat16* out, const BFloat16* own, const BFloat16* partner, double weight, int64_t n) {
  blend_16(out, own, partner, weight, n);
}

template <typename T>
void mix_span(void* out, const void* own, const void* partner, float weight, int64_t n) {
  if (weight == 1.0f) {
    if (out != own) memcpy(out, own, n * sizeof(T));
  } else if (weight == 0.0f) {
    if (out != partner) memcpy(out, partner, n * sizeof(T));
  } else {
    blend_span(static_cast<T*>(out), static_cast<const T*>(own), static_cast<const T*>(partner), weight, n);
  }
}

void mix(DType dtype, void* out, const void* own, const void* partner, float weight, int64_t n) {
  switch (dtype) {
    case DType::kU8: return mix_span<uint8_t>(out, own, partner, weight, n);
    case DType::kF16: return mix_span<Half>(out, own, partner, weight, n);
    case DType::kBF16: return mix_span<BFloat16>(out, own, partner, weight, n);
    case DType::kF32: return mix_span<float>(out, own, partner, weight, n);
    case DType::kF64: return mix_span<double>(out, own, partner, weight, n);
  }
}

// ---- gradient of mix ---------------------------------------------------------------------------------------

template <typename T>
void accumulate_span(double* acc, const void* x, double weight, int64_t n) {
  const T* values = static_cast<const T*>(x);
#pragma GCC ivdep
  for (int64_t k = 0; k < n; ++k) acc[k] += weight * widen(values[k]);
}

void accumulate(DType dtype, double* acc, const void* x, double weight, int64_t n) {
  switch (dtype) {
    case DType::kU8: return accumulate_span<uint8_t>(acc, x, weight, n);
    case DType::kF16: return accumulate_span<Half>(acc, x, weight, n);
    case DType::kBF16: return accumulate_span<BFloat16>(acc, x, weight, n);
    case DType::kF32: return accumulate_span<float>(acc, x, weight, n);
    case DType::kF64: return accumulate_span<double>(acc, x, weight, n);
  }
}

template <typename T>
void store_span(void* out, const double* acc, int64_t n) {
  T* values = static_cast<T*>(out);
#pragma GCC ivdep
  for (int64_t k = 0; k < n; ++k) values[k] = narrow<T>(acc[k]);
}

void store(DType dtype, void* out, const double* acc, int64_t n) {
  switch (dtype) {
    case DType::kU8: return store_span<uint8_t>(out, acc, n);
    case DType::kF16: return store_span<Half>(out, acc, n);
    case DType::kBF16: return store_span<BFloat16>(out, acc, n);
    case DType::kF32: return store_span<float>(out, acc, n);
    case DType::kF64: return store_span<double>(out, acc, n);
  }
}

// ---- normalise ---------------------------------------------------------------------------------------------

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
    case DType::kF16: return normalize_half(static_cast<Half*>(out), own, partner, weight, scale, bias, n);
    case DType::kBF16: return normalize_span(static_cast<BFloat16*>(out), own, partner, weight, scale, bias, n);
    default: return normalize_span(static_cast<float*>(out), own, partner, weight, scale, bias, n);
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

constexpr CpuKernels make_kernels(const char* name) {
  return {name, &mix, &accumulate, &store, &unpack, &normalize_plane, &normalize_interleaved};
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
