// The inner loops of augmentation on the CPU, compiled once per instruction set from augment_kernels_inl.h.
//
// An image is three planes of `height` rows of `width` bytes without gaps, one plane after the other. Rotations read
// packed pixels R | G << 8 | B << 16 instead.
#pragma once

#include <cstdint>

#include "augment/pixel_math.h"

namespace fastmix {

// One row of a warp in two dimensions: where its output pixels lie in the source.
struct WarpRow {
  const double* m;         // Matrix::m
  double y;                // the output row's centre
  int32_t height, width;   // sides of the source
  const uint32_t* source;  // packed pixels with a frame of `frame` repeated pixels on each side
  int32_t pitch;           // pixels per row of `source`, frame included
  int32_t frame;
  uint32_t fill;
};

// Output pixels x, x + 1, ... of a row whose pixels move along the row. Pixel x reads the source at
// (x + 0.5) + slope + offset: right of the centre of pixel x + shift, by t (up to rounding in float64).
struct RowRun {
  int32_t x, shift;
  double slope, offset;
  float t;
};

struct AugmentKernels {
  // out[k] = table[in[k]] for n levels of one channel; out may be in.
  void (*look_up)(uint8_t* out, const uint8_t* in, const uint8_t* table, int64_t n);
  void (*extremes)(const uint8_t* in, int64_t n, uint8_t& low, uint8_t& high);
  // The sum of luma over n pixels.
  uint64_t (*luma_sum)(const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t n);

  // Change n pixels in place.
  void (*saturate)(uint8_t* r, uint8_t* g, uint8_t* b, float factor, int64_t n);
  void (*turn_hue)(uint8_t* r, uint8_t* g, uint8_t* b, int32_t shift, int64_t n);

  // One row of Sharpness, except its first and last pixel, from the rows above, at and below it.
  void (*sharpen)(uint8_t* out, const uint8_t* above, const uint8_t* at, const uint8_t* below, float factor,
                  int64_t width);
  // One row of a vertical blur: sums += add - drop; out = box_level(sums, far_above + far_below).
  void (*blur_row)(uint8_t* out, uint32_t* sums, const uint8_t* add, const uint8_t* drop, const uint8_t* far_above,
                   const uint8_t* far_below, uint32_t inner, uint32_t edge, int64_t width);

  // n output pixels of a row whose pixels move along it, from the neighbours in[k], in[k + 1] (linear) or
  // in[k - 1] ... in[k + 2] (cubic).
  void (*linear_row)(uint8_t* out, const uint8_t* in, const RowRun& run, int64_t n);
  void (*cubic_row)(uint8_t* out, const uint8_t* in, const RowRun& run, int64_t n);
  // Packed output pixels of one row. For nearest_warp, the fill colour must follow the last pixel of `source`.
  void (*nearest_warp)(uint32_t* out, const uint32_t* source, int32_t height, int32_t width, int32_t x, int32_t y,
                       int32_t step_x, int32_t step_y, int32_t n);
  void (*linear_warp)(uint32_t* out, const WarpRow& row, int32_t n);
  void (*cubic_warp)(uint32_t* out, const WarpRow& row, int32_t n);

  void (*accumulate)(float* sum, const uint8_t* in, float weight, bool start, int64_t n);
  void (*weighted_sum)(uint8_t* out, const uint8_t* kept, const float* sum, float of_kept, float of_sum, int64_t n);

  // out[4 k + j] = normal_of_bits of word j of Philox with this key and counter first + k, for k < count.
  void (*normal_noise)(float* out, uint32_t key, uint32_t stream, uint64_t first, int64_t count);

  // Layouts: interleaved pixels to planes `stride` bytes apart and back, planes to packed pixels and back.
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

// The set that matches cpu_kernels().
const AugmentKernels& augment_kernels();

}  // namespace fastmix
