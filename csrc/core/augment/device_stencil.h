// Operations of a CUDA block that read neighbouring pixels: sharpness and blur.
#pragma once

#include <cstdint>

#include "augment/device_image.h"
#include "augment/device_levels.h"

namespace fastmix {

// Sums of packed pixels: R and B in the halves of one word, G in another. Each channel's sum stays below 2^16, so that
// R never carries into B.
struct PairSums {
  uint32_t red_blue, green;

  __device__ __forceinline__ void add(uint32_t pixel) {
    red_blue += pixel & 0xff00ffu;
    green += pixel >> 8 & 255u;
  }
  __device__ __forceinline__ void subtract(uint32_t pixel) {
    red_blue -= pixel & 0xff00ffu;
    green -= pixel >> 8 & 255u;
  }
};

__device__ __forceinline__ void sharpen(BlockImage& image, float factor) {
  const PixelPlace staged = image.stage();
  const int32_t width = image.width;
  image.each_pixel([&](uint32_t k, int32_t y, int32_t x) {
    const auto at = static_cast<int32_t>(k);
    const uint32_t center = packed_pixel(staged, at);
    uint32_t pixel = center;
    if (y > 0 && y < image.height - 1 && x > 0 && x < width - 1) {
      PairSums sums = {(center & 0xff00ffu) * 4, (center >> 8 & 255u) * 4};
#pragma unroll
      for (int32_t row = -1; row <= 1; ++row) {
#pragma unroll
        for (int32_t column = -1; column <= 1; ++column) {
          sums.add(row == 0 && column == 0 ? center : packed_pixel(staged, at + row * width + column));
        }
      }
      const auto smooth = [](uint32_t sum) { return static_cast<int32_t>(smooth_level(sum)); };
      pixel =
          blend_pixel(smooth(sums.red_blue & 0xffffu), smooth(sums.green), smooth(sums.red_blue >> 16), center, factor);
    }
    store_pixel(image.out, image.pixels, k, pixel);
  });
  image.arrive(image.out);
}

// Applies one box filter along the rows (`across`) or down the columns. A thread computes kBlurRun neighbouring pixels
// and updates a moving sum from one to the next. Sums stay below 2^16 because box_weights() keeps radii below 100.
constexpr int32_t kBlurRun = 16;

__device__ __forceinline__ void blur_pass(const BlockImage& image, const PixelPlace& from, const PixelPlace& to,
                                          bool across, const BoxWeights& box) {
  const int32_t lines = across ? image.height : image.width, length = across ? image.width : image.height;
  const int32_t runs = (length + kBlurRun - 1) / kBlurRun;
  const auto items = static_cast<uint32_t>(lines * runs);
#pragma unroll 1
  for (uint32_t item = threadIdx.x; item < items; item += kAugmentThreads) {
    // Neighbouring threads take neighbouring runs of a row, or neighbouring columns, so a warp reads nearby memory.
    const auto divisor = static_cast<uint32_t>(across ? runs : lines);
    const auto quotient = static_cast<int32_t>(item / divisor), rest = static_cast<int32_t>(item % divisor);
    const int32_t line = across ? quotient : rest, begin = (across ? rest : quotient) * kBlurRun;
    const int32_t end = begin + kBlurRun < length ? begin + kBlurRun : length;
    const auto place = [&](int32_t k) { return across ? line * length + k : k * lines + line; };
    const auto pixel = [&](int32_t k) { return packed_pixel(from, place(k < 0 ? 0 : k < length ? k : length - 1)); };
    PairSums sums = {};
#pragma unroll 1
    for (int32_t k = begin - box.radius; k < begin + box.radius; ++k) sums.add(pixel(k));
    uint32_t next = pixel(begin + box.radius);
#pragma unroll 1
    for (int32_t k = begin; k < end; ++k) {
      sums.add(next);
      next = pixel(k + box.radius + 1);
      PairSums edges = {};
      edges.add(next);
      edges.add(pixel(k - box.radius - 1));
      const auto level = [&](uint32_t sum, uint32_t edge) {
        return static_cast<int32_t>(box_level(sum, edge, box.inner, box.edge));
      };
      store_pixel(to, image.pixels, static_cast<uint32_t>(place(k)),
                  pack_pixel(level(sums.red_blue & 0xffffu, edges.red_blue & 0xffffu), level(sums.green, edges.green),
                             level(sums.red_blue >> 16, edges.red_blue >> 16)));
      sums.subtract(pixel(k - box.radius));
    }
  }
  __syncthreads();
}

__device__ __forceinline__ void blur(BlockImage& image, const BoxWeights& box) {
  image.stage();
  static_assert(scratch_part::kStaged == 0 && scratch_part::kSpare == 1);
#pragma unroll 1
  for (uint32_t pass = 0; pass < 6; ++pass) {
    PixelPlace to = image.part(1 - pass % 2);
    if (pass == 5) to = image.out;
    blur_pass(image, image.part(pass % 2), to, pass < 3, box);
  }
  image.arrive(image.out);
}

}  // namespace fastmix
