// The inner loops of resample_mix on the CPU, compiled once per instruction set from resample_kernels_inl.h.
//
// A band of `rows` output rows is made at a time, one row per vector lane. "Scratch" are vectors of one float per
// row: of every source byte (pixel x, channel c at x * channels + c) after the vertical pass, of every output byte,
// in the order of the output's layout, after the horizontal one. Only reading and writing images transposes.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace fastmix {

// The taps of one output row: weights[t] for the row of bytes at first + t * stride.
struct RowTaps {
  const uint8_t* first;
  const float* weights;
  int32_t count;
};

// The taps of outputs along a row: weights[o * length + t] for source pixel first[o] + t.
struct ColumnTaps {
  const int32_t* first;
  const int32_t* count;
  const float* weights;
  int32_t length;
  bool padded;  // count[o] == length for all
};

// Distances in floats between the columns of neighbouring outputs (negative: mirrored) and of channels.
struct BandStep {
  int64_t pixel, channel;
};

struct BandWrite {
  void* out;    // the band's first element
  bool stream;  // past the caches; every row starts at a cache line
  DType dtype;
  bool interleaved;      // NHWC
  int64_t row_stride;    // elements
  int64_t plane_stride;  // elements, NCHW
  int32_t rows;          // to write
  int32_t width, channels;
  const float *scale, *bias;
  bool mixed;           // else `partner` is not read
  float outside;        // own weight left and right of the box
  const float* inside;  // per row, between the box's columns: weight_in for rows that it crosses
  int32_t box_begin, box_end;
};

struct ResampleKernels {
  int32_t rows;

  // columns[k] = sum over t of weights[t] * byte k, for n bytes; rows with `padded` all have the same count.
  // `end` is the end of the image: bytes behind a row may be read, bytes behind the image not. Writes columns up
  // to the next multiple of `rows`.
  void (*vertical)(float* columns, const RowTaps* taps, bool padded, int64_t stride, int64_t n, const uint8_t* end);

  // Outputs 0 ... n - 1 of `taps`, clamped to [0, 255], with `columns` starting at source pixel `origin`; output o,
  // channel c goes to out + o * step.pixel + c * step.channel.
  void (*horizontal)(float* out, const float* columns, int32_t origin, const ColumnTaps& taps, int32_t n,
                     int32_t channels, const BandStep& step);

  // narrow_float(normalize_element(own, partner, weight, scale, bias)) of the band's output columns.
  void (*write)(const BandWrite& write, const float* own, const float* partner);
};

const ResampleKernels& baseline_resample_kernels();
#if defined(__x86_64__)
const ResampleKernels& avx2_resample_kernels();
const ResampleKernels& avx512_resample_kernels();
#endif

// The set that cpu_kernels() chose.
const ResampleKernels& resample_kernels();

}  // namespace fastmix
