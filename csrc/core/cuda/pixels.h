// Finds which elements of a lane's vector lie inside a sample's box. A vector is the 1 to 16 bytes that a lane loads.
#pragma once

#include <cstdint>

#include "cuda/divisor.h"
#include "cuda/kernel_plan.h"

namespace fastmix {

// Divides in 32 bits if both operands fit: 64-bit division is a subroutine on a GPU.
__device__ __forceinline__ uint64_t quotient(uint64_t a, uint64_t b) {
  if (((a | b) >> 32) == 0) return static_cast<uint32_t>(a) / static_cast<uint32_t>(b);
  return a / b;
}

// Maps element e of a sample to pixel x = (e / pixel_stride) % width, y = (e / (pixel_stride * width)) % height. Used
// only if a sample has a box or a mask; each of the three sizes is then at most 2^30.
struct PixelGrid {
  Divisor pixel_stride, width, height;
};

// Where a run of consecutive elements lies: channel, column and row of its first element, and the column of its last
// one. last_x is the width or more if the run continues in the next row.
struct alignas(16) Span {
  int32_t channel, x, y, last_x;
};

__device__ __forceinline__ Span span_of(const PixelGrid& grid, uint64_t first, int count) {
  const uint64_t pixel = grid.pixel_stride.quotient(first);
  const uint64_t row = grid.width.quotient(pixel);
  Span span;
  span.channel = static_cast<int32_t>(first - pixel * grid.pixel_stride.value());
  span.x = static_cast<int32_t>(pixel - row * grid.width.value());
  span.y = static_cast<int32_t>(row - grid.height.quotient(row) * grid.height.value());
  span.last_x = span.x + static_cast<int32_t>(grid.pixel_stride.quotient(span.channel + count - 1));
  return span;
}

template <int kCount>
constexpr uint32_t kAllElements = (1u << kCount) - 1u;

// Bit j is set if the span's element j lies inside the box.
template <int kCount>
__device__ __forceinline__ uint32_t elements_inside(const PixelGrid& grid, const Span& span, const KernelBox& box) {
  if (kCount == 1 || span.last_x < grid.width.value()) {
    // The span lies in one row. Usually its elements are all inside or all outside.
    if (span.y < box.y0 || span.y >= box.y1 || span.last_x < box.x0 || span.x >= box.x1) return 0;
    if (kCount == 1 || (span.x >= box.x0 && span.last_x < box.x1)) return kAllElements<kCount>;
  }
  uint32_t bits = 0;
  int32_t channel = span.channel, x = span.x, y = span.y;
#pragma unroll 1
  for (int j = 0; j < kCount; ++j) {
    if (y >= box.y0 && y < box.y1 && x >= box.x0 && x < box.x1) bits |= 1u << j;
    if (++channel < grid.pixel_stride.value()) continue;
    channel = 0;
    if (++x < grid.width.value()) continue;
    x = 0;
    if (++y == grid.height.value()) y = 0;
  }
  return bits;
}

}  // namespace fastmix
