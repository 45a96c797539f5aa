// Each fixed_*.cc compiles this file for its instruction set (FM_ISA), with vectors of FM_ROWS 32-bit numbers (8 or
// 16). Sums of 32-bit integers have the same bits in every order, so all instruction sets give the same results.
#pragma once

#include "base/dtype.h"
#include "resample/filter_taps.h"
#include "resample/fixed_kernels.h"
#include "resample/fixed_sums_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

using Bytes = uint8_t __attribute__((vector_size(kFixedRows)));

FM_INLINE Bytes low_bytes(Bytes a, Bytes b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
FM_INLINE Bytes high_bytes(Bytes a, Bytes b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// Transposes 16 x 16 bytes by interleaving row i with row i + 8, for all i < 8, four times.
FM_INLINE void transpose(Bytes (&v)[kFixedRows]) {
#pragma GCC unroll 4
  for (int turn = 0; turn < 4; ++turn) {
    Bytes t[kFixedRows];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      t[2 * i] = low_bytes(v[i], v[i + 8]);
      t[2 * i + 1] = high_bytes(v[i], v[i + 8]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kFixedRows; ++i) v[i] = t[i];
  }
}

FM_INLINE Bytes load_row(const uint8_t* from) {
  Bytes bytes;
  memcpy(&bytes, from, sizeof(bytes));
  return bytes;
}

// Transposes the rows that load(r) returns and passes them to store(r, row).
template <typename Load, typename Store>
FM_INLINE void transpose_block(const Load& load, const Store& store) {
  Bytes v[kFixedRows];
#pragma GCC unroll 16
  for (int r = 0; r < kFixedRows; ++r) v[r] = load(r);
  transpose(v);
#pragma GCC unroll 16
  for (int r = 0; r < kFixedRows; ++r) store(r, v[r]);
}

void to_columns(uint8_t* columns, const uint8_t* const* rows, int64_t n, const uint8_t* end) {
  int64_t readable = n + kFixedRows;
  for (int r = 0; r < kFixedRows; ++r) readable = end - rows[r] < readable ? end - rows[r] : readable;
  int64_t k = 0;
  const auto store = [&](int j, Bytes column) { memcpy(columns + (k + j) * kFixedRows, &column, sizeof(column)); };
  for (; k < n && k + kFixedRows <= readable; k += kFixedRows)
    transpose_block([&](int r) { return load_row(rows[r] + k); }, store);
  for (; k < n; k += kFixedRows) {
    uint8_t last[kFixedRows][kFixedRows] = {};
    for (int r = 0; r < kFixedRows; ++r) {
      const int64_t bytes = end - rows[r] - k < kFixedRows ? end - rows[r] - k : kFixedRows;
      if (bytes > 0) memcpy(last[r], rows[r] + k, bytes);
    }
    transpose_block([&](int r) { return load_row(last[r]); }, store);
  }
}

template <int kTaps>
void horizontal_taps(uint8_t* made, const uint8_t* columns, int32_t origin, const FixedColumns& taps, int32_t n,
                     int32_t channels) {
  for (int32_t o = 0; o < n; ++o) {
    const int32_t* const coefficients = taps.coefficients + int64_t{o} * taps.length;
    const uint8_t* const first = columns + int64_t{taps.first[o] - origin} * channels * kFixedRows;
    for (int32_t c = 0; c < channels; ++c, made += kFixedRows)
      store_pixels(
          made, fixed_sum<kTaps>(coefficients, taps.count[o], first + c * kFixedRows, int64_t{channels} * kFixedRows));
  }
}

void horizontal(uint8_t* out, int64_t stride, int32_t rows, const uint8_t* columns, int32_t origin,
                const FixedColumns& taps, int32_t n, int32_t channels) {
  alignas(64) uint8_t made[kFixedBlock * kMaxChannels * kFixedRows];
  with_taps(taps.padded ? taps.length : 0,
            [&](auto count) { horizontal_taps<decltype(count)::value>(made, columns, origin, taps, n, channels); });
  const int32_t bytes = n * channels;
  for (int32_t k = 0; k < bytes; k += kFixedRows) {
    const auto load = [&](int j) { return load_row(made + (k + j) * kFixedRows); };
    uint8_t* const to = out + k;
    if (rows == kFixedRows && k + kFixedRows <= bytes) {
      transpose_block(load, [&](int r, Bytes row) { memcpy(to + r * stride, &row, sizeof(row)); });
    } else {
      const int32_t count = bytes - k < kFixedRows ? bytes - k : kFixedRows;
      transpose_block(load, [&](int r, Bytes row) {
        if (r < rows) memcpy(to + r * stride, &row, count);
      });
    }
  }
}

template <int kTaps>
void vertical_taps(uint8_t* out, const uint8_t* rows, int64_t stride, const FixedSum& sum, int64_t n) {
  int64_t k = 0;
  for (; k + kFixedRows <= n; k += kFixedRows)
    store_pixels(out + k, fixed_sum<kTaps>(sum.coefficients, sum.count, rows + k, stride));
  if (k == n) return;
  if (n > kFixedRows) k = n - kFixedRows;  // computes some bytes again, so as not to read beyond the row
  uint8_t last[kFixedRows];
  store_pixels(last, fixed_sum<kTaps>(sum.coefficients, sum.count, rows + k, stride));
  memcpy(out + k, last, n - k);
}

void vertical(uint8_t* out, const uint8_t* rows, int64_t stride, const FixedSum& sum, int64_t n) {
  with_taps(sum.padded ? sum.count : 0,
            [&](auto count) { vertical_taps<decltype(count)::value>(out, rows, stride, sum, n); });
}

constexpr FixedKernels make_fixed_kernels() { return {&to_columns, &horizontal, &vertical}; }

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
