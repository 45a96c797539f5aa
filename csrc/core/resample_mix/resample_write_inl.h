// The last pass: mixes and normalises output columns and writes them as rows. Part of resample_kernels_inl.h.
#pragma once

#include "base/with_type.h"
#include "resample_mix/resample_kernels.h"
#include "resample_mix/resample_narrow_inl.h"
#include "resample_mix/resample_transpose_inl.h"
#include "simd/stream_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

// For each row of the band, the weight of the sample's own image at pixel x.
FM_INLINE Vector weight_at(const BandWrite& write, int32_t x) {
  if (write.weights != nullptr) return load(write.weights + int64_t{x} * kRows);
  return x >= write.box_begin && x < write.box_end ? load(write.inside) : splat(write.outside);
}

// Whether weights may differ between pixels first ... last, because the sample has a mask or an edge of the box lies
// there.
FM_INLINE bool weights_differ(const BandWrite& write, int32_t first, int32_t last) {
  const auto between = [&](int32_t edge) { return edge > first && edge <= last; };
  return write.weights != nullptr || between(write.box_begin) || between(write.box_end);
}

// How the weights differ among kRows columns. kNone: the sample is not mixed. kSame: all columns have the same vector
// of weights. kPerColumn: each column has its own.
enum class Weights { kNone, kSame, kPerColumn };

// Mixes and normalises kRows columns of `own` and `partner` and transposes them to rows. The first column is pixel x,
// channel c.
template <bool kInterleaved, Weights kWeights>
FM_INLINE void mixed_rows(Vector (&v)[kRows], const BandWrite& write, const float* own, const float* partner, int32_t x,
                          int32_t c) {
  Vector weight = weight_at(write, x);
  Vector rest = 1.0f - weight;
#pragma GCC unroll 16
  for (int j = 0; j < kRows; ++j) {
    Vector value = load(own + j * kRows);
    if constexpr (kWeights == Weights::kPerColumn) {
      weight = weight_at(write, x);
      rest = 1.0f - weight;
    }
    if constexpr (kWeights != Weights::kNone) value = weight * value + rest * load(partner + j * kRows);
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

FM_INLINE void store_line(void* to, const void* from) { memcpy(to, from, kLineBytes); }

template <typename T, bool kInterleaved, bool kMixed>
void write_rows(const BandWrite& write, const float* own, const float* partner) {
  constexpr int32_t kLine = kLineBytes / sizeof(T);
  const int32_t planes = kInterleaved ? 1 : write.channels;
  const int32_t columns = kInterleaved ? write.width * write.channels : write.width;
  alignas(kLineBytes) T lines[kRows][kLine];
  for (int32_t plane = 0; plane < planes; ++plane) {
    T* const out = static_cast<T*>(write.out) + plane * write.plane_stride;
    for (int32_t begin = 0; begin < columns; begin += kLine) {
      const int32_t count = columns - begin < kLine ? columns - begin : kLine;
      for (int32_t part = 0; part < count; part += kRows) {
        const int32_t first = begin + part;
        const int32_t x = kInterleaved ? first / write.channels : first;
        const int32_t c = kInterleaved ? first % write.channels : plane;
        const int64_t at = (int64_t{plane} * columns + first) * kRows;
        Vector v[kRows];
        if constexpr (!kMixed) {
          mixed_rows<kInterleaved, Weights::kNone>(v, write, own + at, own + at, x, c);
        } else if (weights_differ(write, x, kInterleaved ? (first + kRows - 1) / write.channels : first + kRows - 1)) {
          mixed_rows<kInterleaved, Weights::kPerColumn>(v, write, own + at, partner + at, x, c);
        } else {
          mixed_rows<kInterleaved, Weights::kSame>(v, write, own + at, partner + at, x, c);
        }
#pragma GCC unroll 16
        for (int r = 0; r < kRows; ++r) narrow_row(lines[r] + part, v[r]);
      }
      for (int r = 0; r < write.rows; ++r) {
        T* const to = out + r * write.row_stride + begin;
        if (count == kLine) {
          write.stream ? stream_line(to, lines[r]) : store_line(to, lines[r]);
        } else {
          memcpy(to, lines[r], count * sizeof(T));
        }
      }
    }
  }
  if (write.stream) order_streams();
}

template <typename T>
void write_as(const BandWrite& write, const float* own, const float* partner) {
  if (write.interleaved) {
    return write.mixed ? write_rows<T, true, true>(write, own, partner) : write_rows<T, true, false>(write, own, own);
  }
  return write.mixed ? write_rows<T, false, true>(write, own, partner) : write_rows<T, false, false>(write, own, own);
}

void write(const BandWrite& write, const float* own, const float* partner) {
  with_output_type(write.dtype, [&](auto zero) { write_as<decltype(zero)>(write, own, partner); });
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
