// Included by one .cc per instruction set, which sets FM_ISA and FM_ROWS (8 or 16 lanes). Written with the
// compiler's vector types, and intrinsics where it has no good code: every element goes through the same operations
// in the same order in all of them.

#include <cstring>

#include "../mix_math.h"
#include "../resample_weights.h"
#include "resample_kernels.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr int kRows = FM_ROWS;
using Vector = float __attribute__((vector_size(4 * kRows)));
using Integers = int32_t __attribute__((vector_size(4 * kRows)));

#define FM_INLINE inline __attribute__((always_inline))

FM_INLINE Vector load(const float* from) {
  Vector v;
  memcpy(&v, __builtin_assume_aligned(from, 4 * kRows), sizeof(v));
  return v;
}
FM_INLINE void store(float* to, Vector v) { memcpy(__builtin_assume_aligned(to, 4 * kRows), &v, sizeof(v)); }
FM_INLINE Vector splat(float x) { return x - Vector{}; }

FM_INLINE Vector load_bytes(const uint8_t* from) {
#if defined(__AVX512F__)
  static_assert(kRows == 16);
  // The masked form with every lane: GCC 12 warns of an uninitialised variable in the plain one.
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return __builtin_convertvector(reinterpret_cast<Integers>(_mm512_maskz_cvtepu8_epi32(0xffff, bytes)), Vector);
#elif defined(__AVX2__)
  static_assert(kRows == 8);
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
#elif defined(__SSE2__)
  static_assert(kRows == 8);
  const __m128i zero = _mm_setzero_si128();
  const __m128i words = _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)), zero);
  const __m128 low = _mm_cvtepi32_ps(_mm_unpacklo_epi16(words, zero));
  const __m128 high = _mm_cvtepi32_ps(_mm_unpackhi_epi16(words, zero));
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
#else
  Vector v;
  for (int j = 0; j < kRows; ++j) v[j] = static_cast<float>(from[j]);
  return v;
#endif
}
FM_INLINE Vector load_bytes_before(const uint8_t* from, const uint8_t* end) {
  uint8_t bytes[kRows] = {};
  if (from < end) memcpy(bytes, from, end - from < kRows ? end - from : kRows);
  return load_bytes(bytes);
}

// ---- transposing kRows vectors -----------------------------------------------------------------------------

#if FM_ROWS == 8
#define FM_PICK(a, b, i0, i1, i2, i3, i4, i5, i6, i7) __builtin_shufflevector(a, b, i0, i1, i2, i3, i4, i5, i6, i7)
FM_INLINE void transpose(Vector (&v)[8]) {
  Vector t[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    t[i] = FM_PICK(v[i], v[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    t[i + 1] = FM_PICK(v[i], v[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      v[i + 2 * j] = FM_PICK(t[i + j], t[i + 2 + j], 0, 1, 8, 9, 4, 5, 12, 13);
      v[i + 2 * j + 1] = FM_PICK(t[i + j], t[i + 2 + j], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const Vector low = FM_PICK(v[i], v[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    v[i + 4] = FM_PICK(v[i], v[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    v[i] = low;
  }
}
#undef FM_PICK
#else
FM_INLINE Vector low_pairs(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}
FM_INLINE Vector high_pairs(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}
FM_INLINE Vector low_fours(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
}
FM_INLINE Vector high_fours(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}
FM_INLINE Vector even_quarters(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}
FM_INLINE Vector odd_quarters(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}
FM_INLINE void transpose(Vector (&v)[16]) {
  Vector t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = low_pairs(v[i], v[i + 1]);
    t[i + 1] = high_pairs(v[i], v[i + 1]);
  }
  // v[4 i + j]: quarter q holds column 4 q + j of rows 4 i ... 4 i + 3.
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    v[i] = low_fours(t[i], t[i + 2]);
    v[i + 1] = high_fours(t[i], t[i + 2]);
    v[i + 2] = low_fours(t[i + 1], t[i + 3]);
    v[i + 3] = high_fours(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const Vector even_top = even_quarters(v[j], v[4 + j]);
    const Vector even_bottom = even_quarters(v[8 + j], v[12 + j]);
    const Vector odd_top = odd_quarters(v[j], v[4 + j]);
    const Vector odd_bottom = odd_quarters(v[8 + j], v[12 + j]);
    v[j] = even_quarters(even_top, even_bottom);
    v[8 + j] = odd_quarters(even_top, even_bottom);
    v[4 + j] = even_quarters(odd_top, odd_bottom);
    v[12 + j] = odd_quarters(odd_top, odd_bottom);
  }
}
#endif

// ---- vertical ----------------------------------------------------------------------------------------------

// The sum over taps, kTaps of them or, if kTaps is 0, `count` in partial sums; value(t) is vector t.
template <int kTaps, typename Value>
FM_INLINE Vector weighted_sum(const float* weights, int32_t count, const Value& value) {
  if constexpr (kTaps > 0) {
    Vector sum = weights[0] * value(0);
#pragma GCC unroll 8
    for (int t = 1; t < kTaps; ++t) sum += weights[t] * value(t);
    return sum;
  } else {
    Vector total{};
    for (int32_t begin = 0; begin < count; begin += kTapsPerSum) {
      const int32_t end = count < begin + kTapsPerSum ? count : begin + kTapsPerSum;
      Vector sum = weights[begin] * value(begin);
      for (int32_t t = begin + 1; t < end; ++t) sum += weights[t] * value(t);
      total += sum;
    }
    return total;
  }
}

template <int kTaps, typename Load>
FM_INLINE void vertical_block(float* columns, const RowTaps* taps, int64_t stride, int64_t k, const Load& load) {
  Vector v[kRows];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    const uint8_t* const at = taps[r].first + k;
    v[r] = weighted_sum<kTaps>(taps[r].weights, taps[r].count, [&](int32_t t) { return load(at + t * stride); });
  }
  transpose(v);
#pragma GCC unroll 16
  for (int j = 0; j < kRows; ++j) store(columns + (k + j) * kRows, v[j]);
}

// The last bytes of the image.
__attribute__((noinline)) void vertical_tail(float* columns, const RowTaps* taps, int64_t stride, int64_t k, int64_t n,
                                             const uint8_t* end) {
  for (; k < n; k += kRows) {
    vertical_block<0>(columns, taps, stride, k, [&](const uint8_t* at) { return load_bytes_before(at, end); });
  }
}

template <int kTaps>
void vertical_taps(float* columns, const RowTaps* taps, int64_t stride, int64_t n, const uint8_t* end) {
  // Whole vectors may read into the next row, but not behind the last one.
  int64_t readable = n + kRows;
  for (int r = 0; r < kRows; ++r) {
    const int64_t bytes = end - taps[r].first - (taps[r].count - 1) * stride;
    readable = bytes < readable ? bytes : readable;
  }
  int64_t k = 0;
  for (; k < n && k + kRows <= readable; k += kRows) {
    vertical_block<kTaps>(columns, taps, stride, k, [](const uint8_t* at) { return load_bytes(at); });
  }
  if (k < n) vertical_tail(columns, taps, stride, k, n, end);
}

void vertical(float* columns, const RowTaps* taps, bool padded, int64_t stride, int64_t n, const uint8_t* end) {
  switch (padded ? taps[0].count : 0) {
    case 1:
      return vertical_taps<1>(columns, taps, stride, n, end);
    case 2:
      return vertical_taps<2>(columns, taps, stride, n, end);
    case 3:
      return vertical_taps<3>(columns, taps, stride, n, end);
    case 4:
      return vertical_taps<4>(columns, taps, stride, n, end);
    case 5:
      return vertical_taps<5>(columns, taps, stride, n, end);
    case 6:
      return vertical_taps<6>(columns, taps, stride, n, end);
    default:
      return vertical_taps<0>(columns, taps, stride, n, end);
  }
}

// ---- horizontal --------------------------------------------------------------------------------------------

FM_INLINE Vector clamp_to_pixel(Vector v) {
  const Vector zero{};
  const Vector most = splat(255.0f);
  v = v > zero ? v : zero;
  return v < most ? v : most;
}

template <int kTaps, int kChannels>
void horizontal_taps(float* out, const float* columns, int32_t origin, const ColumnTaps& taps, int32_t n,
                     const BandStep& step) {
  constexpr int64_t kPixel = int64_t{kChannels} * kRows;
  for (int32_t o = 0; o < n; ++o, out += step.pixel) {
    const float* weights = taps.weights + static_cast<int64_t>(o) * taps.length;
    const float* first = columns + (taps.first[o] - origin) * kPixel;
#pragma GCC unroll 4
    for (int c = 0; c < kChannels; ++c) {
      store(out + c * step.channel, clamp_to_pixel(weighted_sum<kTaps>(weights, taps.count[o], [&](int32_t t) {
              return load(first + t * kPixel + c * kRows);
            })));
    }
  }
}

template <int kChannels>
void horizontal_channels(float* out, const float* columns, int32_t origin, const ColumnTaps& taps, int32_t n,
                         const BandStep& step) {
  switch (taps.padded ? taps.length : 0) {
    case 1:
      return horizontal_taps<1, kChannels>(out, columns, origin, taps, n, step);
    case 2:
      return horizontal_taps<2, kChannels>(out, columns, origin, taps, n, step);
    case 3:
      return horizontal_taps<3, kChannels>(out, columns, origin, taps, n, step);
    case 4:
      return horizontal_taps<4, kChannels>(out, columns, origin, taps, n, step);
    case 5:
      return horizontal_taps<5, kChannels>(out, columns, origin, taps, n, step);
    case 6:
      return horizontal_taps<6, kChannels>(out, columns, origin, taps, n, step);
    default:
      return horizontal_taps<0, kChannels>(out, columns, origin, taps, n, step);
  }
}

void horizontal(float* out, const float* columns, int32_t origin, const ColumnTaps& taps, int32_t n, int32_t channels,
                const BandStep& step) {
  switch (channels) {
    case 1:
      return horizontal_channels<1>(out, columns, origin, taps, n, step);
    case 2:
      return horizontal_channels<2>(out, columns, origin, taps, n, step);
    case 3:
      return horizontal_channels<3>(out, columns, origin, taps, n, step);
    default:
      return horizontal_channels<4>(out, columns, origin, taps, n, step);
  }
}

// ---- mix, normalise, write ---------------------------------------------------------------------------------

FM_INLINE void narrow_row(float* out, Vector v) { memcpy(out, &v, sizeof(v)); }

// The low halves of 32-bit lanes.
FM_INLINE void store_halves(BFloat16* out, Integers v) {
#if defined(__AVX512F__)
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                      _mm512_maskz_cvtepi32_epi16(0xffff, reinterpret_cast<__m512i>(v)));
#elif defined(__AVX2__)
  const __m256i all = reinterpret_cast<__m256i>(v);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                   _mm_packus_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1)));
#else
  uint16_t halves[kRows];
  for (int j = 0; j < kRows; ++j) halves[j] = static_cast<uint16_t>(v[j]);
  memcpy(out, halves, sizeof(halves));
#endif
}

// As to_bfloat16, without its care for NaN, which finite pixels, weights, scale and bias cannot make.
FM_INLINE void narrow_row(BFloat16* out, Vector v) {
  using Unsigned = uint32_t __attribute__((vector_size(4 * kRows)));
  const Unsigned bits = reinterpret_cast<Unsigned>(v);
  store_halves(out, reinterpret_cast<Integers>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16));
}

FM_INLINE void narrow_row(Half* out, Vector v) {
  float x[kRows];
  memcpy(x, &v, sizeof(v));
#if defined(__F16C__)
#pragma GCC unroll 2
  for (int j = 0; j < kRows; j += 8) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + j),
                     _mm256_cvtps_ph(_mm256_loadu_ps(x + j), _MM_FROUND_TO_NEAREST_INT));
  }
#else
  for (int j = 0; j < kRows; ++j) out[j] = to_half(x[j]);
#endif
}

// Columns 0 ... kRows - 1 of own and partner, mixed and normalised, as rows. The first is pixel x, channel c.
template <bool kInterleaved, bool kMixed>
FM_INLINE void mixed_rows(Vector (&v)[kRows], const BandWrite& write, const float* own, const float* partner, int32_t x,
                          int32_t c, int32_t columns) {
#pragma GCC unroll 16
  for (int j = 0; j < kRows; ++j) {
    // Behind the last column the values are not written; they repeat the first, whose memory exists.
    const int64_t at = (j < columns ? j : 0) * kRows;
    Vector value = load(own + at);
    if constexpr (kMixed) {
      const bool inside = x >= write.box_begin && x < write.box_end;
      const Vector weight = inside ? load(write.inside) : splat(write.outside);
      value = weight * value + (1.0f - weight) * load(partner + at);
    }
    v[j] = value * write.scale[c] + write.bias[c];
    if constexpr (kInterleaved) {
      if (++c == write.channels) {
        c = 0;
        ++x;
      }
    } else {
      ++x;
    }
  }
  transpose(v);
}

template <typename T, bool kInterleaved, bool kMixed>
void write_rows(const BandWrite& write, const float* own, const float* partner) {
  const int32_t planes = kInterleaved ? 1 : write.channels;
  const int32_t columns = kInterleaved ? write.width * write.channels : write.width;
  for (int32_t plane = 0; plane < planes; ++plane) {
    T* const out = static_cast<T*>(write.out) + plane * write.plane_stride;
    for (int32_t begin = 0; begin < columns; begin += kRows) {
      // The last vectors overlap the ones before rather than being cut, where there are as many columns.
      const int32_t first = columns >= kRows && columns - begin < kRows ? columns - kRows : begin;
      const int32_t count = columns - first < kRows ? columns - first : kRows;
      const int32_t x = kInterleaved ? first / write.channels : first;
      const int32_t c = kInterleaved ? first % write.channels : plane;
      const int64_t at = (int64_t{plane} * columns + first) * kRows;
      Vector v[kRows];
      mixed_rows<kInterleaved, kMixed>(v, write, own + at, partner + at, x, c, count);
      if (count == kRows && write.rows == kRows) {
#pragma GCC unroll 16
        for (int r = 0; r < kRows; ++r) narrow_row(out + r * write.row_stride + first, v[r]);
      } else {
        for (int r = 0; r < write.rows; ++r) {
          T row[kRows];
          narrow_row(row, v[r]);
          memcpy(out + r * write.row_stride + first, row, count * sizeof(T));
        }
      }
    }
  }
}

template <typename T>
void write_as(const BandWrite& write, const float* own, const float* partner) {
  if (write.interleaved) {
    return write.mixed ? write_rows<T, true, true>(write, own, partner) : write_rows<T, true, false>(write, own, own);
  }
  return write.mixed ? write_rows<T, false, true>(write, own, partner) : write_rows<T, false, false>(write, own, own);
}

void write(const BandWrite& write, const float* own, const float* partner) {
  switch (write.dtype) {
    case DType::kF16:
      return write_as<Half>(write, own, partner);
    case DType::kBF16:
      return write_as<BFloat16>(write, own, partner);
    default:
      return write_as<float>(write, own, partner);
  }
}

#undef FM_INLINE

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
