// Sums the elements of one vector in mix_backward and combine. The result of every struct here is the float64 sum of
// weight * x, rounded to the type of x.
//
// add() takes the weights of a term as an object with
//   uniform()   whether all elements have the weight of element 0
//   at(j)       the number w, a float or a double, from which the functions below compute element j's weight
//   none(w)     whether that weight is 0: such terms are skipped, so their infinities and NaN do not reach the sum
//   exact(w), bounds(w), halves(w)   the weight as a double, as WeightBounds, as a SplitWeight
// round() sets bit j of its result if float32 does not decide element j. The caller sums such an element again in
// float64.
#pragma once

#include <cstdint>
#include <type_traits>

#include "cuda/vector_io.h"
#include "formula/float_sum.h"
#include "formula/mix_math.h"

namespace fastmix {

template <typename T, int kBytes>
struct ExactSums {
  static constexpr int kCount = kBytes / static_cast<int>(sizeof(T));
  double sum[kCount] = {};

  template <typename Weigh>
  __device__ __forceinline__ void add(const Words<kWordsOf<kBytes>>& value, const Weigh& weigh) {
    if (weigh.uniform()) {
      if (weigh.none(weigh.at(0))) return;
      const double weight = weigh.exact(weigh.at(0));
#pragma unroll
      for (int j = 0; j < kCount; ++j) sum[j] += weight * widen(element<T>(value, j));
    } else {
#pragma unroll
      for (int j = 0; j < kCount; ++j) {
        if (!weigh.none(weigh.at(j))) sum[j] += weigh.exact(weigh.at(j)) * widen(element<T>(value, j));
      }
    }
  }
  __device__ __forceinline__ uint32_t round(uint32_t, Words<kWordsOf<kBytes>>* result) const {
#pragma unroll
    for (int j = 0; j < kCount; ++j) put_element(*result, j, narrow<T>(sum[j]));
    return 0;
  }
};

template <int kBytes>
struct FloatSums {
  static constexpr int kCount = kBytes / 4;
  FloatSum sum[kCount];

  template <typename Weigh>
  __device__ __forceinline__ void add(const Words<kCount>& value, const Weigh& weigh) {
    if (weigh.uniform()) {
      if (weigh.none(weigh.at(0))) return;
      const SplitWeight weight = weigh.halves(weigh.at(0));
#pragma unroll
      for (int j = 0; j < kCount; ++j) sum[j].add(weight, element<float>(value, j));
    } else {
#pragma unroll
      for (int j = 0; j < kCount; ++j) sum[j].add(weigh.halves(weigh.at(j)), element<float>(value, j));
    }
  }
  __device__ __forceinline__ uint32_t round(uint32_t terms, Words<kCount>* result) const {
    uint32_t open = 0;
#pragma unroll
    for (int j = 0; j < kCount; ++j) {
      float rounded;
      if (!sum[j].round(static_cast<float>(terms), &rounded)) open |= 1u << j;
      result->word[j] = bit_cast<uint32_t>(rounded);
    }
    return open;
  }
};

__device__ __forceinline__ float small_float(uint8_t x) { return biased(x) - 0x1p23f; }
__device__ __forceinline__ float small_float(Half x) { return to_float(x); }
__device__ __forceinline__ float small_float(BFloat16 x) { return to_float(x); }

template <typename T, int kBytes>
struct BoundedSums {
  static constexpr int kCount = kBytes / static_cast<int>(sizeof(T));
  static constexpr int kWords = kWordsOf<kBytes>;
  SumBounds sum[kCount];

  template <typename Weigh>
  __device__ __forceinline__ void add(const Words<kWords>& value, const Weigh& weigh) {
    if (weigh.uniform()) {
      if (weigh.none(weigh.at(0))) return;
      const WeightBounds weight = weigh.bounds(weigh.at(0));
      // For a negative x, SumBounds::add() exchanges the weight's bounds. Bytes are never negative, and equal bounds
      // need no exchange, so add_positive() serves both cases.
      if (sizeof(T) == 1 || weight.low == weight.high) {
#pragma unroll
        for (int j = 0; j < kCount; ++j) sum[j].add_positive(weight, small_float(element<T>(value, j)));
      } else {
#pragma unroll
        for (int j = 0; j < kCount; ++j) sum[j].add(weight, small_float(element<T>(value, j)));
      }
    } else {
#pragma unroll
      for (int j = 0; j < kCount; ++j) sum[j].add(weigh.bounds(weigh.at(j)), small_float(element<T>(value, j)));
    }
  }

  __device__ __forceinline__ uint32_t round(uint32_t, Words<kWords>* result) const {
    uint32_t differ[kWords], any = 0;
#pragma unroll
    for (int w = 0; w < kWords; ++w) {
      if constexpr (sizeof(T) == 1) {
        uint32_t low[4] = {}, high[4] = {};
#pragma unroll
        for (int j = 0; j < 4 && 4 * w + j < kCount; ++j) {
          low[j] = bit_cast<uint32_t>(sum[4 * w + j].lowest() + 0x1p23f);
          high[j] = bit_cast<uint32_t>(sum[4 * w + j].high + 0x1p23f);
        }
        result->word[w] = lowest_bytes(high);
        differ[w] = result->word[w] ^ lowest_bytes(low);
      } else {
        constexpr int kSecond = kCount > 1 ? 1 : 0;
        const SumBounds &first = sum[2 * w], &second = sum[2 * w + kSecond];
        result->word[w] = narrow_pair<T>(first.high, second.high);
        differ[w] = result->word[w] ^ narrow_pair<T>(first.lowest(), second.lowest());
        differ[w] |= not_finite<T>(result->word[w]);
        if (kCount == 1) differ[w] &= 0xffffu;
      }
      any |= differ[w];
    }
    uint32_t open = 0;
    if (any == 0) return open;
    constexpr int kBits = 8 * static_cast<int>(sizeof(T));
#pragma unroll
    for (int j = 0; j < kCount; ++j) {
      if ((differ[j * kBits / 32] >> (j * kBits % 32) & ((1u << kBits) - 1u)) != 0) open |= 1u << j;
    }
    return open;
  }
};

template <typename T, int kBytes>
struct ChooseSums {
  using type = BoundedSums<T, kBytes>;
};
template <int kBytes>
struct ChooseSums<float, kBytes> {
  using type = std::conditional_t<kSlowFloat64, FloatSums<kBytes>, ExactSums<float, kBytes>>;
};
template <int kBytes>
struct ChooseSums<double, kBytes> {
  using type = ExactSums<double, kBytes>;
};

}  // namespace fastmix
