// A lane mixes the elements of one vector at once. The functions here load the mask levels (0 ... 255) of these
// elements. A lane takes the same element positions in every sample, so it reads every mask at the same offsets. A
// block computes these offsets once and keeps them in shared memory.
#pragma once

#include <cstdint>

#include "cuda/pixels.h"
#include "cuda/segment_walk.h"
#include "cuda/vector_io.h"
#include "mix/mix.h"
#include "mix/mix_vectors.h"

namespace fastmix {

struct MaskGrid {
  const unsigned char* levels;
  int64_t size;  // bytes per mask
  int32_t depth, height, width;
  Divisor frames;  // frames per image
  // True if a lane can load its levels as one aligned vector: masks as large as the image, channels first.
  bool direct;
};

// Makes the MaskGrid for images of `frames` frames, each of the height and width in `grid`. Kernels read `count`
// elements at a time.
inline MaskGrid mask_grid(const MaskArrays& mask, const PixelGrid& grid, int64_t frames, int count) {
  const Extent& size = mask.extent;
  const bool whole = size.width == grid.width.value() && size.height == grid.height.value() &&
                     (size.depth == 1 || size.depth == frames) && grid.pixel_stride.value() == 1;
  const bool aligned = size.pixels() % count == 0 && reinterpret_cast<uintptr_t>(mask.levels) % count == 0;
  return {mask.levels,     size.pixels(), size.depth, size.height, size.width, Divisor(static_cast<int32_t>(frames)),
          whole && aligned};
}

// Throws Error if frames, height, width or interleaved channels exceed 2^30: kernels stretch masks with 32-bit
// coordinates.
inline void check_mask_sizes(const MixParams& params) {
  constexpr int64_t kMost = 1 << 30;
  check(params.pixel_stride <= kMost && params.width <= kMost && params.height <= kMost && params.depth <= kMost,
        "mix: expected frames, height, width and interleaved channels of at most ", kMost,
        " for a plan with masks, got frames ", params.depth, ", height ", params.height, ", width ", params.width,
        " and interleaved channels ", params.pixel_stride, "; mix this batch on the CPU");
}

__device__ __forceinline__ int32_t level_offset(const PixelGrid& grid, const MaskGrid& masks, uint64_t element) {
  const uint64_t pixel = grid.pixel_stride.quotient(element);
  const uint64_t row = grid.width.quotient(pixel);
  const uint64_t frame = grid.height.quotient(row);
  const uint64_t x = grid.width.quotient((pixel - row * grid.width.value()) * masks.width);
  const uint64_t y = grid.height.quotient((row - frame * grid.height.value()) * masks.height);
  const uint64_t t = masks.frames.quotient((frame - masks.frames.quotient(frame) * masks.frames.value()) * masks.depth);
  return static_cast<int32_t>((t * masks.height + y) * masks.width + x);
}

// Sets offsets[j * kLanes + lane] for every element j of every lane's vector (only for j = 0 if masks.direct). In any
// mask, the level of that element is the byte at this offset. The warps share the work; the caller must call
// __syncthreads() afterwards.
template <int kCount>
__device__ __forceinline__ void fill_offsets(int32_t* offsets, const PixelGrid& grid, const MaskGrid& masks,
                                             int64_t vector) {
  if (masks.direct && threadIdx.y > 0) return;
  const int count = masks.direct ? 1 : kCount;
  for (int j = static_cast<int>(threadIdx.y); j < count; j += static_cast<int>(blockDim.y))
    offsets[j * kLanes + threadIdx.x] = level_offset(grid, masks, static_cast<uint64_t>(vector) * kCount + j);
}

// Loads the levels: byte j is the level of element j. `offsets` is the array of fill_offsets(), advanced to the lane's
// first offset.
template <int kCount>
__device__ __forceinline__ Words<kWordsOf<kCount>> load_levels(const MaskGrid& masks, const int32_t* offsets,
                                                               int32_t mask) {
  const unsigned char* const levels = masks.levels + mask * masks.size;
  if (masks.direct) return load_global<kCount>(levels + offsets[0]);
  Words<kWordsOf<kCount>> result = {};
#pragma unroll
  for (int w = 0; w < kWordsOf<kCount>; ++w) {
    uint32_t word = 0;
    // Unrolled by 2 only: registers also hold 16 uint8 elements and the vectors in flight, so more addresses would not
    // fit.
#pragma unroll 2
    for (int b = 0; b < 4 && 4 * w + b < kCount; ++b)
      word |= load_global<1>(levels + offsets[(4 * w + b) * kLanes]).word[0] << (8 * b);
    result.word[w] = word;
    hide_origin(result.word[w]);
  }
  return result;
}

// Levels of a sample with a box: 255 inside it (where bit j of `inside` is set), 0 outside.
template <int kCount>
__device__ __forceinline__ Words<kWordsOf<kCount>> box_levels(uint32_t inside) {
  Words<kWordsOf<kCount>> result = {};
#pragma unroll
  for (int w = 0; w < kWordsOf<kCount>; ++w) result.word[w] = word_bits<uint8_t>(inside, w);
  return result;
}

// The levels of a sample with a mask, a box or neither.
template <int kCount, typename Plan>
__device__ __forceinline__ Words<kWordsOf<kCount>> sample_levels(const Plan& plan, const PixelGrid& grid,
                                                                 const Span& span, const MaskGrid& masks,
                                                                 const int32_t* offsets, uint32_t sample) {
  const int32_t mask = plan.mask(sample);
  if (mask >= 0) return load_levels<kCount>(masks, offsets, mask);
  return box_levels<kCount>(plan.has_box() ? elements_inside<kCount>(grid, span, plan.box(sample)) : 0);
}

}  // namespace fastmix
