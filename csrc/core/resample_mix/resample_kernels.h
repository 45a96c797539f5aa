// The inner loops of resample_mix on the CPU, compiled once per instruction set from resample_kernels_inl.h.
//
// A job computes a band of `rows` output rows at a time, one row per vector lane. A column is a vector of one float per
// row. After the vertical pass there is one per source byte: pixel x, channel c at x * channels + c. After the
// horizontal pass there is one per output element, in the order of the output's layout. Only the vertical and the
// writing pass transpose.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace fastmix {

// The taps of one output row: coefficients[t] belongs to the row of bytes at first + t * stride.
struct RowTaps {
  const uint8_t* first;
  const float* coefficients;
  int32_t count;
};

// The taps of outputs along a row: coefficients[o * length + t] belongs to source pixel first[o] + t.
struct ColumnTaps {
  const int32_t* first;
  const int32_t* count;
  const float* coefficients;
  int32_t length;
  bool padded;  // count[o] == length for every output
};

// The distance in floats between the columns of neighbouring outputs (negative if mirrored) and of neighbouring
// channels.
struct BandStep {
  int64_t pixel, channel;
};

struct BandWrite {
  void* out;    // the band's first element
  bool stream;  // write past the caches; every row then starts at a cache line
  DType dtype;
  bool interleaved;      // NHWC
  int64_t row_stride;    // elements
  int64_t plane_stride;  // elements, NCHW
  int32_t rows;          // to write
  int32_t width, channels;
  const float *scale, *bias;
  bool mixed;           // false: `partner` is unused
  float outside;        // own weight left and right of the box
  const float* inside;  // own weight per row within the box's columns: weight_in only for the box's rows
  int32_t box_begin, box_end;
  const float* weights;  // null, or columns of own weights, one per pixel, from level_columns
};

struct ResampleKernels {
  int32_t rows;

  // columns[k] = sum over t of coefficients[t] * byte k, for n bytes. With `padded` all rows have the same count. May
  // read beyond a row but not beyond `end`, the image's end. Writes columns up to the next multiple of `rows`.
  void (*vertical)(float* columns, const RowTaps* taps, bool padded, int64_t stride, int64_t n, const uint8_t* end);

  // Computes outputs 0 ... n - 1 of `taps`, clamped to [0, 255]. `columns` starts at source pixel `origin`. Output o,
  // channel c goes to out + o * step.pixel + c * step.channel.
  void (*horizontal)(float* out, const float* columns, int32_t origin, const ColumnTaps& taps, int32_t n,
                     int32_t channels, const BandStep& step);

  // weights[x] = own weights mask_weight(levels[r][x], inside, outside) of the rows r at pixel x, for n pixels. Writes
  // columns up to the next multiple of `rows`.
  void (*level_columns)(float* weights, const uint8_t* const* levels, float inside, float outside, int32_t n);

  // Writes narrow_float(normalize_element(own, partner, weight, scale, bias)) of the band's output columns.
  void (*write)(const BandWrite& write, const float* own, const float* partner);
};

const ResampleKernels& baseline_resample_kernels();
#if defined(__x86_64__)
const ResampleKernels& avx2_resample_kernels();
const ResampleKernels& avx512_resample_kernels();
#endif

// The set that matches cpu_kernels().
const ResampleKernels& resample_kernels();

}  // namespace fastmix
