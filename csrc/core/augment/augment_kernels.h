// The inner loops of augmentation on the CPU, compiled once per instruction set from augment_kernels_inl.h.
//
// An image is three planes of `height` rows of `width` bytes without gaps, one plane after the other. Rotations read
// packed pixels R | G << 8 | B << 16 instead.
#pragma once

#include <cstdint>

#include "augment/pixel_math.h"

namespace fastmix {

// One output row of a rotation: the matrix that maps its pixels to the source, and the source.
struct WarpRow {
  const double* m;         // the Matrix (warp.h) that maps output to source coordinates
  double y;                // centre of the output row: its index + 0.5
  int32_t height, width;   // size of the source
  const uint32_t* source;  // packed pixels; on every side, `frame` more pixels repeat the border
  int32_t pitch;           // pixels per row of `source`, frame included
  int32_t frame;
  uint32_t fill;
};

// A shear or translation along a row, for output pixels x, x + 1, ... of one row. Output pixel x reads the source row
// at x + 0.5 + slope + offset: `slope` is the distance by which a shear moves this row, and `offset` the distance of a
// translation. This point is t to the right of the centre of source pixel x + shift (up to float64 rounding).
struct RowRun {
  int32_t x, shift;
  double slope, offset;
  float t;
};

struct AugmentKernels {
  // out[k] = table[in[k]] for n levels of one channel. `out` may equal `in`.
  void (*look_up)(uint8_t* out, const uint8_t* in, const uint8_t* table, int64_t n);
  void (*extremes)(const uint8_t* in, int64_t n, uint8_t& low, uint8_t& high);
  // Returns the sum of the luma of n pixels.
  uint64_t (*luma_sum)(const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t n);

  // saturate() and turn_hue() change n pixels in place.
  void (*saturate)(uint8_t* r, uint8_t* g, uint8_t* b, float factor, int64_t n);
  void (*turn_hue)(uint8_t* r, uint8_t* g, uint8_t* b, int32_t shift, int64_t n);

  // Sharpens one row, except its first and last pixel. `above`, `at` and `below` are the source rows.
  void (*sharpen)(uint8_t* out, const uint8_t* above, const uint8_t* at, const uint8_t* below, float factor,
                  int64_t width);
  // Blurs one row vertically. For each column: sums += add - drop; out = box_level(sums, far_above + far_below).
  void (*blur_row)(uint8_t* out, uint32_t* sums, const uint8_t* add, const uint8_t* drop, const uint8_t* far_above,
                   const uint8_t* far_below, uint32_t inner, uint32_t edge, int64_t width);

  // These functions shear or translate along a row. They write n output pixels of one channel. Output pixel k blends
  // in[k] and in[k + 1] (linear) or in[k - 1] ... in[k + 2] (cubic).
  void (*linear_row)(uint8_t* out, const uint8_t* in, const RowRun& run, int64_t n);
  void (*cubic_row)(uint8_t* out, const uint8_t* in, const RowRun& run, int64_t n);
  // These functions rotate. They write one output row of n packed pixels. nearest_warp starts at source column x and
  // row y and adds step_x and step_y per output pixel, in 16.16 fixed point. source[height * width] is its fill colour.
  void (*nearest_warp)(uint32_t* out, const uint32_t* source, int32_t height, int32_t width, int32_t x, int32_t y,
                       int32_t step_x, int32_t step_y, int32_t n);
  void (*linear_warp)(uint32_t* out, const WarpRow& row, int32_t n);
  void (*cubic_warp)(uint32_t* out, const WarpRow& row, int32_t n);

  void (*accumulate)(float* sum, const uint8_t* in, float weight, bool start, int64_t n);
  void (*weighted_sum)(uint8_t* out, const uint8_t* kept, const float* sum, float of_kept, float of_sum, int64_t n);

  // out[4 k + j] = normal_of_bits(word j of Philox for counter first + k), for k < count. The Philox key is (key,
  // stream).
  void (*normal_noise)(float* out, uint32_t key, uint32_t stream, uint64_t first, int64_t count);

  // These functions change layouts. split() turns interleaved pixels into planes that lie `stride` bytes apart, and
  // merge() does the reverse. pack() turns planes into packed pixels, and unpack() does the reverse.
  void (*split)(uint8_t* planes, int64_t stride, const uint8_t* pixels, int64_t n);
  void (*merge)(uint8_t* pixels, const uint8_t* planes, int64_t stride, int64_t n);
  void (*pack)(uint32_t* out, const uint8_t* planes, int64_t stride, int64_t n);
  void (*unpack)(uint8_t* planes, int64_t stride, const uint32_t* in, int64_t n);
  void (*transpose)(uint8_t* out, const uint8_t* in, int64_t height, int64_t width);
  void (*reverse)(uint8_t* out, const uint8_t* in, int64_t n);
};

const AugmentKernels& baseline_augment_kernels();
#if defined(__x86_64__)
const AugmentKernels& avx2_augment_kernels();
const AugmentKernels& avx512_augment_kernels();
const AugmentKernels& avx512vbmi_augment_kernels();
#endif

// The functions for the instruction set that cpu_kernels() chose.
const AugmentKernels& augment_kernels();

}  // namespace fastmix
