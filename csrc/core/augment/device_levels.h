// Operations of a CUDA block that change each pixel on its own: tables of levels, and changes of colour. Tables compose
// in shared memory. One sweep over the pixels collects the statistics that a table needs.
#pragma once

#include <cstdint>

#include "augment/device_image.h"
#include "augment/table_math.h"

namespace fastmix {

// Appends level() to the pending table: an entry that was v becomes level(channel, v).
template <typename Level>
__device__ __forceinline__ void add_table(BlockImage& image, const Level& level) {
  for (uint32_t i = threadIdx.x; i < kColors * kLevels; i += kAugmentThreads) {
    const uint32_t channel = i / kLevels, v = i % kLevels;
    uint8_t& to = image.shared.table[channel][v];
    to = static_cast<uint8_t>(level(channel, static_cast<int32_t>(image.pending ? to : v)));
  }
  image.pending = true;
  __syncthreads();
}

__device__ __forceinline__ void count_levels(BlockImage& image) {
  uint32_t* const counts = &image.shared.counts[0][0][0];
  for (uint32_t i = threadIdx.x; i < kColors * kLevels * 4; i += kAugmentThreads) counts[i] = 0;
  __syncthreads();
  const uint32_t copy = threadIdx.x % 4;
  image.each_quad([&](uint32_t k, uint32_t n) {
    const Quad quad = load_quad(image.now, image.pixels, k, n);
#pragma unroll
    for (uint32_t j = 0; j < 4; ++j) {
      if (j >= n) continue;
#pragma unroll
      for (int c = 0; c < kColors; ++c) atomicAdd(&image.shared.counts[c][quad.pixel[j] >> (8 * c) & 255u][copy], 1u);
    }
  });
  image.counted = true;
  __syncthreads();
}

// Computes shared.moved, the histogram that the image has after the pending table is applied. Counts the pixels only if
// shared.counts is out of date.
__device__ __forceinline__ void find_histogram(BlockImage& image) {
  AugmentShared& shared = image.shared;
  if (!image.counted) count_levels(image);
  for (uint32_t i = threadIdx.x; i < kColors * kLevels; i += kAugmentThreads)
    shared.moved[i / kLevels][i % kLevels] = 0;
  __syncthreads();
  for (uint32_t i = threadIdx.x; i < kColors * kLevels; i += kAugmentThreads) {
    const uint32_t c = i / kLevels, v = i % kLevels;
    const uint32_t (&copies)[4] = shared.counts[c][v];
    atomicAdd(&shared.moved[c][image.pending ? shared.table[c][v] : v], copies[0] + copies[1] + copies[2] + copies[3]);
  }
  __syncthreads();
}

__device__ __forceinline__ void auto_contrast(BlockImage& image) {
  AugmentShared& shared = image.shared;
  find_histogram(image);
  if (threadIdx.x < kColors) shared.ranges[threadIdx.x] = range_of_levels(shared.moved[threadIdx.x]);
  __syncthreads();
  add_table(image,
            [&](uint32_t c, int32_t v) { return auto_contrast_level(shared.ranges[c].low, shared.ranges[c].high, v); });
}

__device__ __forceinline__ void equalize(BlockImage& image) {
  AugmentShared& shared = image.shared;
  find_histogram(image);
  if (threadIdx.x < kColors) equalize_channel(shared.equalized[threadIdx.x], shared.moved[threadIdx.x]);
  __syncthreads();
  add_table(image, [&](uint32_t c, int32_t v) { return shared.equalized[c][v]; });
}

__device__ __forceinline__ uint32_t luma_of(uint32_t pixel) {
  return luma(pixel & 255u, pixel >> 8 & 255u, pixel >> 16 & 255u);
}

__device__ __forceinline__ void contrast(BlockImage& image, float factor) {
  AugmentShared& shared = image.shared;
  uint32_t sum = 0;  // does not overflow: a thread adds fewer than 2^20 levels
  image.each_quad([&](uint32_t k, uint32_t n) {
    const Quad quad = image.read(k, n);
#pragma unroll
    for (uint32_t j = 0; j < 4; ++j) sum += j < n ? luma_of(quad.pixel[j]) : 0u;
  });
  shared.luma[threadIdx.x] = sum;
  __syncthreads();
  constexpr uint32_t kParts = 32, kEach = kAugmentThreads / kParts;
  if (threadIdx.x < kParts) {
    uint64_t part = 0;
    for (uint32_t k = 0; k < kEach; ++k) part += shared.luma[threadIdx.x * kEach + k];
    shared.luma_parts[threadIdx.x] = part;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    uint64_t total = 0;
    for (uint32_t k = 0; k < kParts; ++k) total += shared.luma_parts[k];
    shared.mean = mean_luma(total, image.pixels);
  }
  __syncthreads();
  const int32_t mean = shared.mean;
  add_table(image, [&](uint32_t, int32_t v) { return blend_level(mean, v, factor); });
}

// Blends the colour (r, g, b) and `pixel`: factor 0 gives the colour (r, g, b), and factor 1 gives `pixel`.
__device__ __forceinline__ uint32_t blend_pixel(int32_t r, int32_t g, int32_t b, uint32_t pixel, float factor) {
  const auto blend = [&](int32_t degenerate, int c) {
    return blend_level(degenerate, static_cast<int32_t>(pixel >> (8 * c) & 255u), factor);
  };
  return pack_pixel(blend(r, 0), blend(g, 1), blend(b, 2));
}

__device__ __forceinline__ void saturate(BlockImage& image, float factor) {
  image.rewrite([&](uint32_t pixel) {
    const auto grey = static_cast<int32_t>(luma_of(pixel));
    return blend_pixel(grey, grey, grey, pixel, factor);
  });
}

__device__ __forceinline__ void turn_hues(BlockImage& image, int32_t shift) {
  image.rewrite([&](uint32_t pixel) {
    auto r = static_cast<int32_t>(pixel & 255u), g = static_cast<int32_t>(pixel >> 8 & 255u);
    auto b = static_cast<int32_t>(pixel >> 16);
    turn_hue(shift, r, g, b);
    return pack_pixel(r, g, b);
  });
}

}  // namespace fastmix
