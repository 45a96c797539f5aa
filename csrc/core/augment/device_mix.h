// AugMix in a CUDA block. The scratch holds a copy of the image before the chains and the float32 sum of their results.
#pragma once

#include <cstdint>

#include "augment/device_image.h"

namespace fastmix {

// The sums of AugMix at four neighbouring pixels: value[3 * p + c] belongs to channel c of pixel p.
struct QuadSums {
  float value[12];
};

__device__ __forceinline__ unsigned char* place_of_sums(const BlockImage& image, uint32_t k) {
  return image.part(scratch_part::kSums).data + size_t{12} * k;
}
__device__ __forceinline__ QuadSums load_sums(const BlockImage& image, uint32_t k) {
  QuadSums sums;
#pragma unroll
  for (int part = 0; part < 3; ++part) {
    const Words<4> words = load_global<16>(place_of_sums(image, k) + 16 * part);
#pragma unroll
    for (int j = 0; j < 4; ++j) sums.value[4 * part + j] = bit_cast<float>(words.word[j]);
  }
  return sums;
}
__device__ __forceinline__ void store_sums(const BlockImage& image, uint32_t k, const QuadSums& sums) {
#pragma unroll
  for (int part = 0; part < 3; ++part) {
    Words<4> words;
#pragma unroll
    for (int j = 0; j < 4; ++j) words.word[j] = bit_cast<uint32_t>(sums.value[4 * part + j]);
    store_global<16>(place_of_sums(image, k) + 16 * part, words);
  }
}
__device__ __forceinline__ float float_level(const Quad& quad, int value) {
  return static_cast<float>(quad.pixel[value / 3] >> (8 * (value % 3)) & 255u);
}

// Copies the image to the scratch and starts the sum with weight * image.
__device__ __forceinline__ void begin_augmix(BlockImage& image, float weight) {
  const PixelPlace kept = image.part(scratch_part::kKept);
  image.each_quad([&](uint32_t k, uint32_t n) {
    const Quad quad = image.read(k, n);
    store_quad(kept, image.pixels, k, n, quad);
    QuadSums sums;
#pragma unroll
    for (int v = 0; v < 12; ++v) sums.value[v] = weight * float_level(quad, v);
    store_sums(image, k, sums);
  });
  image.arrive(kept);
}

// Adds weight * image to the sum. The next operation starts from the copy that begin_augmix made.
__device__ __forceinline__ void end_chain(BlockImage& image, float weight) {
  image.each_quad([&](uint32_t k, uint32_t n) {
    const Quad quad = image.read(k, n);
    QuadSums sums = load_sums(image, k);
#pragma unroll
    for (int v = 0; v < 12; ++v) sums.value[v] = sums.value[v] + weight * float_level(quad, v);
    store_sums(image, k, sums);
  });
  image.arrive(image.part(scratch_part::kKept));
}

// Writes of_kept * kept + of_sum * sum, clamped and truncated.
__device__ __forceinline__ void end_augmix(BlockImage& image, float of_kept, float of_sum) {
  image.each_quad([&](uint32_t k, uint32_t n) {
    const Quad kept = load_quad(image.part(scratch_part::kKept), image.pixels, k, n);
    const QuadSums sums = load_sums(image, k);
    Quad quad = {};
#pragma unroll
    for (int v = 0; v < 12; ++v) {
      float level = of_kept * float_level(kept, v) + of_sum * sums.value[v];
      level = level < 0.0f ? 0.0f : level;
      level = level > 255.0f ? 255.0f : level;
      quad.pixel[v / 3] |= static_cast<uint32_t>(static_cast<int32_t>(level)) << (8 * (v % 3));
    }
    store_quad(image.out, image.pixels, k, n, quad);
  });
  image.arrive(image.out);
}

}  // namespace fastmix
