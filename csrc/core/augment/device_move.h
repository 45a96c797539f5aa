// Operations of a CUDA block that move or replace whole pixels: flips, quarter turns, translations, crops, erasing.
#pragma once

#include <cstdint>

#include "augment/device_image.h"

namespace fastmix {

// Mirrors an index into [0, size): -1 becomes 1, and size becomes size - 2. `at` must lie in [1 - size, 2 * size - 2].
__device__ __forceinline__ int32_t reflected(int32_t at, int32_t size) {
  return at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at;
}

// Moves whole pixels. pixel_move in device_operations.h explains the bits of `how`.
__device__ __forceinline__ void move_pixels(BlockImage& image, int32_t first_row, int32_t first_column, int32_t how) {
  const PixelPlace staged = image.stage();
  const bool transpose = (how & pixel_move::kTranspose) != 0, reflect = (how & pixel_move::kReflect) != 0;
  const int32_t down = (how & pixel_move::kUpwards) != 0 ? -1 : 1;
  const int32_t along = (how & pixel_move::kLeftwards) != 0 ? -1 : 1;
  image.each_pixel([&](uint32_t k, int32_t y, int32_t x) {
    int32_t row = first_row + down * (transpose ? x : y), column = first_column + along * (transpose ? y : x);
    if (reflect) {
      row = reflected(row, image.height);
      column = reflected(column, image.width);
    }
    const bool inside = row >= 0 && row < image.height && column >= 0 && column < image.width;
    const uint32_t fill = static_cast<uint32_t>(how) & 0xffffffu;
    store_pixel(image.out, image.pixels, k, inside ? packed_pixel(staged, row * image.width + column) : fill);
  });
  image.arrive(image.out);
}

// Fills the part of `box` that lies inside the image.
__device__ __forceinline__ void erase(BlockImage& image, const EraseBox& box, uint32_t fill) {
  image.settle();
  const int32_t bottom = box.y + box.height < image.height ? box.y + box.height : image.height;
  const int32_t right = box.x + box.width < image.width ? box.x + box.width : image.width;
  constexpr int32_t kLanes = 32, kRows = kAugmentThreads / kLanes;
  const auto thread = static_cast<int32_t>(threadIdx.x);
  for (int32_t y = box.y + thread / kLanes; y < bottom; y += kRows) {
    for (int32_t x = box.x + thread % kLanes; x < right; x += kLanes) {
      store_pixel(image.out, image.pixels, static_cast<uint32_t>(y * image.width + x), fill);
    }
  }
  image.arrive(image.out);
}

}  // namespace fastmix
