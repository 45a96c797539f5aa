// The inner loops of the 8-bit resampler, compiled once per instruction set from fixed_kernels_inl.h. Sums are
// Pillow's: 32-bit integers in fixed point, rounded to 8 bits after each pass.
#pragma once

#include <cstdint>

namespace fastmix {

// The horizontal pass works on a band of this many rows, which it reads as columns: a column holds one byte of each
// row. The vertical pass computes this many bytes of a row at a time.
constexpr int32_t kFixedRows = 16;

// The coefficients of one output's taps (weighted source pixels). `padded`: all outputs of the axis have the same
// count.
struct FixedSum {
  const int32_t* coefficients;
  int32_t count;
  bool padded;
};

// The taps of the outputs along a row: for output o, coefficients[o * length + t] is the coefficient of source pixel
// first[o] + t.
struct FixedColumns {
  const int32_t* first;
  const int32_t* count;
  const int32_t* coefficients;
  int32_t length;
  bool padded;
};

struct FixedKernels {
  // Turns a band into columns: column k holds byte k of each of the kFixedRows rows, for k < n. May read beyond a row
  // but not beyond `end`, the image's end. Writes columns up to the next multiple of kFixedRows.
  void (*to_columns)(uint8_t* columns, const uint8_t* const* rows, int64_t n, const uint8_t* end);

  // The horizontal pass of one band. For each of the band's first `rows` rows, writes outputs 0 ... n - 1 (n * channels
  // bytes; n is at most kFixedBlock). The written rows are `stride` bytes apart. `columns` starts at source pixel
  // `origin`.
  void (*horizontal)(uint8_t* out, int64_t stride, int32_t rows, const uint8_t* columns, int32_t origin,
                     const FixedColumns& taps, int32_t n, int32_t channels);

  // The vertical pass of one output row: out[k] = sum over t of coefficients[t] * byte k of row t, for n bytes. The
  // source rows are `stride` bytes apart and have at least kFixedRows bytes.
  void (*vertical)(uint8_t* out, const uint8_t* rows, int64_t stride, const FixedSum& sum, int64_t n);
};
constexpr int32_t kFixedBlock = 64;

const FixedKernels& baseline_fixed_kernels();
#if defined(__x86_64__)
const FixedKernels& avx2_fixed_kernels();
const FixedKernels& avx512_fixed_kernels();
#endif

// The functions for the instruction set that cpu_kernels() chose.
const FixedKernels& fixed_kernels();

}  // namespace fastmix
