// The inner loops of resample_mix on the CPU, compiled once per instruction set from resample_kernels_inl.h.
//
// A job computes a band of `rows` output rows at a time, one row per vector lane. A column is a vector of one float per
// row of the band. The vertical pass makes one column for each byte of a source row: the column of pixel x, channel c
// has index x * channels + c. The horizontal pass makes one column per output element, in the order of the output's
// layout. The writing pass turns columns into rows of the output. Only the first and the last pass transpose.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace fastmix {

// The taps (weighted source rows) of one output row: coefficients[t] is the coefficient of the source row at
// first + t * stride.
struct RowTaps {
  const uint8_t* first;
  const float* coefficients;
  int32_t count;
};

// The taps of the outputs along a row: for output o, coefficients[o * length + t] is the coefficient of source pixel
// first[o] + t.
struct ColumnTaps {
  const int32_t* first;
  const int32_t* count;
  const float* coefficients;
  int32_t length;
  bool padded;  // count[o] == length for every output
};

// Where the horizontal pass puts its columns, in floats: `pixel` from one output to the next (negative if mirrored),
// and `channel` from one channel to the next.
struct BandStep {
  int64_t pixel, channel;
};

// In this struct, every weight is that of the sample's own image.
struct BandWrite {
  void* out;    // where the band's first element goes
  bool stream;  // bypass the caches; every row then starts at a cache line
  DType dtype;
  bool interleaved;      // whether the layout is NHWC
  int64_t row_stride;    // elements from one row to the next
  int64_t plane_stride;  // NCHW: elements from one channel to the next
  int32_t rows;          // how many rows of the band to write
  int32_t width, channels;
  const float *scale, *bias;
  bool mixed;           // if false, `partner` is not used
  float outside;        // weight left and right of the box
  const float* inside;  // each row's weight in the box's columns: weight_in if the row crosses the box, else weight_out
  int32_t box_begin, box_end;
  const float* weights;  // null, or one column of weights per pixel, from level_columns
};

struct ResampleKernels {
  int32_t rows;

  // For k < n, computes column k: for each output row of the band, the sum over its taps t of coefficients[t] * byte k
  // of source row t. `padded`: all output rows have the same number of taps. May read beyond a row but not beyond
  // `end`, the image's end. Writes columns up to the next multiple of `rows`.
  void (*vertical)(float* columns, const RowTaps* taps, bool padded, int64_t stride, int64_t n, const uint8_t* end);

  // Computes outputs 0 ... n - 1 of `taps`, clamped to [0, 255]. `columns` starts at source pixel `origin`. Output o,
  // channel c goes to out + o * step.pixel + c * step.channel.
  void (*horizontal)(float* out, const float* columns, int32_t origin, const ColumnTaps& taps, int32_t n,
                     int32_t channels, const BandStep& step);

  // For x < n, column x of `weights` holds mask_weight(levels[r][x], inside, outside) for each row r. Writes columns up
  // to the next multiple of `rows`.
  void (*level_columns)(float* weights, const uint8_t* const* levels, float inside, float outside, int32_t n);

  // Mixes and normalises the band's output columns, rounds them to the output's type, and writes them as rows.
  void (*write)(const BandWrite& write, const float* own, const float* partner);
};

const ResampleKernels& baseline_resample_kernels();
#if defined(__x86_64__)
const ResampleKernels& avx2_resample_kernels();
const ResampleKernels& avx512_resample_kernels();
#endif

// The functions for the instruction set that cpu_kernels() chose.
const ResampleKernels& resample_kernels();

}  // namespace fastmix
