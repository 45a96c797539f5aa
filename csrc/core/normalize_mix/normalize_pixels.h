// Reads, mirrors, normalises and writes pixels in normalize_mix. A lane handles a few neighbouring pixels of a row, its
// run.
#pragma once

#include <cstdint>

#include "cuda/kernel_plan.h"
#include "cuda/vector_io.h"
#include "formula/mix_math.h"
#include "normalize_mix/whole_sectors.h"

namespace fastmix {

// 8 elements of 2 bytes fill one 16-byte store to a plane. 8 RGB pixels are three 8-byte loads.
constexpr int kPixelsOfLane = 8;

// Holds kPixelsOfLane pixels, each of kChannels interleaved bytes. If kChannels is 0, holds one pixel of up to 4 bytes.
template <int kChannels>
struct PixelRun {
  static constexpr int kWords = kChannels == 0 ? 1 : kPixelsOfLane * kChannels / 4;

  static __device__ __forceinline__ Words<kWords> load(const unsigned char* address, int channels) {
    Words<kWords> pixels = {};
    if constexpr (kChannels == 0) {
      for (int c = 0; c < channels; ++c) pixels.word[0] |= load_global<1>(address + c).word[0] << (8 * c);
    } else {
#pragma unroll
      for (int w = 0; w < kWords; w += 2) {
        const Words<2> pair = load_global<8>(address + 4 * w);
        pixels.word[w] = pair.word[0];
        pixels.word[w + 1] = pair.word[1];
      }
    }
    return pixels;
  }

  // Reverses the order of the pixels. Each pixel keeps the order of its channels.
  static __device__ __forceinline__ void reverse(Words<kWords>& pixels) {
    if constexpr (kChannels != 0) {
      Words<kWords> reversed = {};
#pragma unroll
      for (int p = 0; p < kPixelsOfLane; ++p) {
#pragma unroll
        for (int c = 0; c < kChannels; ++c) {
          const int from = (kPixelsOfLane - 1 - p) * kChannels + c;
          put_element(reversed, p * kChannels + c, element<uint8_t>(pixels, from));
        }
      }
      pixels = reversed;
    }
  }
};

// Bit p is set if pixel (y, x + p) lies inside the box.
template <int kPixels>
__device__ __forceinline__ uint32_t pixels_inside(int32_t y, int32_t x, const KernelBox& box) {
  if (y < box.y0 || y >= box.y1) return 0;
  const int32_t first = box.x0 <= x ? 0 : box.x0 - x < kPixels ? box.x0 - x : kPixels;
  const int32_t last = box.x1 <= x ? 0 : box.x1 - x < kPixels ? box.x1 - x : kPixels;
  return first < last ? (1u << last) - (1u << first) : 0;
}

// The weights of the sample's own image in a run that crosses the sample's box. Bit p of `inside` is set if pixel p of
// the run lies in the box.
struct BoxWeights {
  Weights weights;
  uint32_t inside;
  __device__ __forceinline__ void hide() { hide_origin(inside); }
  __device__ __forceinline__ float operator()(int pixel) const {
    return (inside >> pixel & 1u) != 0 ? weights.inside : weights.outside;
  }
};

// The weight of the sample's own image in a run that lies wholly inside or wholly outside the sample's box.
struct OneWeight {
  float weight;
  __device__ __forceinline__ void hide() {}
  __device__ __forceinline__ float operator()(int) const { return weight; }
};

// The weights of the sample's own image in a run, computed from mask levels.
template <int kWords>
struct LevelWeights {
  Weights weights;
  Words<kWords> levels;  // byte p is the level of pixel p
  __device__ __forceinline__ void hide() {
#pragma unroll
    for (int w = 0; w < kWords; ++w) hide_origin(levels.word[w]);
  }
  __device__ __forceinline__ float operator()(int pixel) const {
    return mask_weight(element<uint8_t>(levels, pixel), weights.inside, weights.outside);
  }
};

// How many 16-byte vectors of a run are written at a time. If it is more than 1 (NHWC, or planes of float32), the
// vectors are neighbours in memory, and lanes exchange them so that stores fill whole sectors (whole_sectors.h).
template <typename T, int kChannels, bool kPlanar>
constexpr int kVectorsTogether = kChannels == 0              ? 1
                                 : kPlanar || sizeof(T) == 4 ? static_cast<int>(sizeof(T)) / 2
                                                             : 3;

// Writes a run of pixels to the packed output batch. If kTogether is 1, each lane writes its own vectors (store());
// otherwise the lanes of a warp exchange vectors first (store_together()).
template <typename T, int kChannels, bool kPlanar, int kTogether>
struct NormalizeOut {
  unsigned char* base;
  int64_t pixel;   // index of the run's first pixel
  int64_t pixels;  // pixels per sample
  int32_t channels;
  bool planar;  // used only if kChannels is 0; otherwise kPlanar applies

  static constexpr int kItem = static_cast<int>(sizeof(T));
  static constexpr int kEach = 16 / kItem;  // elements per store
  static constexpr int kVectors = kPixelsOfLane * kChannels / kEach;

  __device__ __forceinline__ unsigned char* at(int64_t element_index) const { return base + element_index * kItem; }

  template <int kWords>
  __device__ __forceinline__ float value(const Words<kWords>& own, const Words<kWords>& partner, int byte, float weight,
                                         float scale, float bias, uint32_t byte_bias) const {
    return normalize_biased(biased_byte(own, byte, byte_bias), biased_byte(partner, byte, byte_bias), weight, scale,
                            bias);
  }

  static __device__ __forceinline__ uint32_t packed(const float (&values)[1]) { return bit_cast<uint32_t>(values[0]); }
  static __device__ __forceinline__ uint32_t packed(const float (&values)[2]) {
    return narrow_pair<T>(values[0], values[1]);
  }

  // Call this before computing each group of four elements. It hides from the compiler where pixels and weights come
  // from, so that registers hold only a few converted floats at a time.
  template <int kWords, typename Weigh>
  static __device__ __forceinline__ void hide(Words<kWords>& own, Words<kWords>& partner, Weigh& weight) {
#pragma unroll
    for (int w = 0; w < kWords; ++w) {
      hide_origin(own.word[w]);
      hide_origin(partner.word[w]);
    }
    weight.hide();
  }

  // Computes vector v of this PixelRun: 16 bytes of output.
  template <int kWords, typename Weigh>
  __device__ __forceinline__ Words<4> vector(int v, Words<kWords>& own, Words<kWords>& partner, Weigh& weight,
                                             const float* scale, const float* bias, uint32_t byte_bias) const {
    Words<4> result;
#pragma unroll
    for (int w = 0; w < 4; ++w) {
      if (w * 4 / kItem % 4 == 0) hide(own, partner, weight);
      float values[4 / kItem];
#pragma unroll
      for (int j = 0; j < 4 / kItem; ++j) {
        const int at = v * kEach + w * 4 / kItem + j;
        // Planar output takes all pixels of channel 0, then all of channel 1, and so on. Interleaved output takes the
        // bytes in input order.
        const int p = kPlanar ? at % kPixelsOfLane : at / kChannels;
        const int c = kPlanar ? at / kPixelsOfLane : at % kChannels;
        values[j] = value(own, partner, p * kChannels + c, weight(p), scale[c], bias[c], byte_bias);
      }
      result.word[w] = packed(values);
    }
    return result;
  }

  // The address of vector v of the run. `first` is the index of the sample's first element.
  __device__ __forceinline__ unsigned char* place(int64_t first, int v) const {
    const int e = v * kEach;
    return at(first + (kPlanar ? e / kPixelsOfLane * pixels + pixel + e % kPixelsOfLane : pixel * kChannels + e));
  }

  // Writes the lane's run. weight(p) is the weight of the sample's own image at pixel p of the run.
  template <int kWords, typename Weigh>
  __device__ __forceinline__ void store(int64_t sample, Words<kWords> own, Words<kWords> partner, Weigh weight,
                                        const float* scale, const float* bias, uint32_t byte_bias) const {
    const int64_t first = sample * pixels * channels;
    if constexpr (kChannels == 0) {
      const float own_weight = weight(0);
      for (int c = 0; c < channels; ++c) {
        const int64_t to = planar ? c * pixels + pixel : pixel * channels + c;
        Words<kWordsOf<kItem>> word = {};
        put_element(word, 0, narrow_float<T>(value(own, partner, c, own_weight, scale[c], bias[c], byte_bias)));
        store_global<kItem>(at(first + to), word);
      }
    } else {
#pragma unroll
      for (int v = 0; v < kVectors; ++v)
        store_global<16>(place(first, v), vector(v, own, partner, weight, scale, bias, byte_bias));
    }
  }

  // Writes the runs of all lanes of a warp together. weigh(use) calls use(weight), with `weight` as in store().
  template <int kWords, typename Weigh>
  __device__ __forceinline__ void store_together(int64_t sample, Words<kWords> own, Words<kWords> partner,
                                                 const Weigh& weigh, const float* scale, const float* bias,
                                                 uint32_t byte_bias, const WholeSectors<kTogether>& sectors) const {
    const int64_t first = sample * pixels * channels;
#pragma unroll
    for (int v = 0; v < kVectors; v += kTogether) {
      sectors.begin();
      weigh([&](auto weight) {
#pragma unroll
        for (int k = 0; k < kTogether; ++k) sectors.put(k, vector(v + k, own, partner, weight, scale, bias, byte_bias));
      });
      sectors.template write<kPixelsOfLane * kItem*(kPlanar ? 1 : kChannels)>(place(first, v));
    }
  }
};

}  // namespace fastmix
