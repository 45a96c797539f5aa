// Applies the formulas of mix_math.h to whole vectors, and finds the widest vector that a batch's alignment allows.
#pragma once

#include <cstdint>

#include "cuda/vector_io.h"
#include "formula/float_sum.h"
#include "formula/mix_math.h"
#include "mix/mix.h"

namespace fastmix {

// Returns a bit mask for word w of a vector: all bits of element j are set if bit j of `elements` is set.
template <typename T>
__device__ __forceinline__ uint32_t word_bits(uint32_t elements, int w) {
  if constexpr (sizeof(T) == 8) return 0u - (elements >> (w / 2) & 1u);
  if constexpr (sizeof(T) == 4) return 0u - (elements >> w & 1u);
  if constexpr (sizeof(T) == 2) {
    const uint32_t pair = elements >> (2 * w) & 3u;
    return ((pair | pair << 15) & 0x00010001u) * 0xffffu;
  }
  const uint32_t four = elements >> (4 * w) & 15u;
  return ((four | four << 7 | four << 14 | four << 21) & 0x01010101u) * 0xffu;
}

// A step mixes one word (32 bits) of a vector, or one element if the element is larger than a word or the vector
// smaller.
template <typename T>
constexpr int kWordsOfStep = sizeof(T) > 4 ? static_cast<int>(sizeof(T)) / 4 : 1;
template <typename T, int kBytes>
constexpr int kElementsOfStep = sizeof(T) > 4 || kBytes < 4 ? 1 : 4 / static_cast<int>(sizeof(T));

// Mixes the words of one step in float64, so that registers hold only a few converted elements.
template <typename T, int kStep, int kEach>
__device__ __forceinline__ Words<kStep> mix_step(Words<kStep> own, Words<kStep> partner, float weight) {
#pragma unroll
  for (int s = 0; s < kStep; ++s) {
    hide_origin(own.word[s]);
    hide_origin(partner.word[s]);
  }
  Words<kStep> mixed = {};
#pragma unroll
  for (int j = 0; j < kEach; ++j)
    put_element(
        mixed, j,
        narrow<T>(blend(widen(element<T>(own, j)), widen(element<T>(partner, j)), static_cast<double>(weight))));
  return mixed;
}

// Mixes bytes, four at a time. `nothing` is always 0, but the compiler does not know that, so it has to compute one
// word after the other. Otherwise it would unpack all 32 bytes first and spill registers.
template <int kWords>
__device__ __forceinline__ Words<kWords> mix_bytes(const Words<kWords>& own, const Words<kWords>& partner, float weight,
                                                   uint32_t bias) {
  const uint32_t nothing = bias >> 31;
  Words<kWords> result;
#pragma unroll
  for (int w = 0; w < kWords; ++w) {
    uint32_t mixed[4];
#pragma unroll
    for (int j = 0; j < 4; ++j)
      mixed[j] = bit_cast<uint32_t>(
          mix_biased(biased_byte(own, 4 * w + j, bias), biased_byte(partner, 4 * w + j, bias), weight));
    result.word[w] = lowest_bytes(mixed);
    bias |= result.word[w] & nothing;
  }
  return result;
}

// Each word holds two 16-bit floats. `low` and `high` hold the float32 bounds of the two mixes, rounded to 16 bits. A
// mix is undecided if its two bounds differ, unless own and partner are both +0: then the bounds are -0 and +0, but the
// mix is +0. Returns true if at least one of the two mixes is undecided.
__device__ __forceinline__ bool leaves_open(uint32_t own, uint32_t partner, uint32_t low, uint32_t high) {
  constexpr uint32_t kMagnitudes = 0x7fff7fffu;
  // The top bit of each 16-bit half of `some` is 0 only if own and partner are +0 there.
  const uint32_t some = (((own | partner) & kMagnitudes) + kMagnitudes) | own | partner;
  return ((low ^ high) & (some | kMagnitudes)) != 0;
}

// Computes float32 bounds of each mix of 16-bit floats (mix_bounds). If both bounds round to the same 16 bits, that is
// the mix. The few words with different or infinite bounds are mixed again in float64.
template <typename T, int kWords>
__device__ __forceinline__ Words<kWords> mix_pairs(const Words<kWords>& own, const Words<kWords>& partner,
                                                   float weight) {
  Words<kWords> low, result;
  uint32_t differ = 0, infinite = 0;
#pragma unroll
  for (int w = 0; w < kWords; ++w) {
    MixBounds bounds[2];
#pragma unroll
    for (int j = 0; j < 2; ++j)
      bounds[j] = mix_bounds(to_float(element<T>(own, 2 * w + j)), to_float(element<T>(partner, 2 * w + j)), weight);
    low.word[w] = narrow_pair<T>(bounds[0].low, bounds[1].low);
    result.word[w] = narrow_pair<T>(bounds[0].high, bounds[1].high);
    differ |= low.word[w] ^ result.word[w];
    infinite |= not_finite<T>(result.word[w]);
  }
  const bool all = weight < kLeastBoundedWeight<T> || infinite != 0;
  if (differ == 0 && !all) return result;
  uint32_t open = 0;  // bit w is set if word w must be mixed in float64
#pragma unroll
  for (int w = 0; w < kWords; ++w) {
    if (all || leaves_open(own.word[w], partner.word[w], low.word[w], result.word[w])) open |= 1u << w;
  }
#pragma unroll 1
  while (open != 0) {
    const int w = lowest_bit(open);
    open &= open - 1;
    set_word(result, w, mix_step<T, 1, 2>({{word_at(own, w)}}, {{word_at(partner, w)}}, weight).word[0]);
  }
  return result;
}

// Mixes a few words of a vector (one step) with any weight.
template <typename T, int kStep, int kEach>
__device__ __forceinline__ Words<kStep> mix_few(const Words<kStep>& own, const Words<kStep>& partner, float weight,
                                                uint32_t byte_bias) {
  if (weight == 1.0f) return own;
  if (weight == 0.0f) return partner;
  if constexpr (sizeof(T) == 1) {
    return mix_bytes(own, partner, weight, byte_bias);
  } else {
    return mix_step<T, kStep, kEach>(own, partner, weight);
  }
}

// Computes mix_element(), in float32 if that is known to give the same bits.
__device__ __forceinline__ float mix_one(float own, float partner, float weight) {
  if constexpr (!kSlowFloat64) return mix_element(own, partner, weight);
  float mixed;
  if (weight == 1.0f || weight == 0.0f || !mix_floats(own, partner, weight, &mixed))
    mixed = mix_element(own, partner, weight);
  return mixed;
}
__device__ __forceinline__ double mix_one(double own, double partner, float weight) {
  return mix_element(own, partner, weight);
}
template <typename T>
__device__ __forceinline__ T mix_one(T own, T partner, float weight) {
  static_assert(sizeof(T) == 2);
  const MixBounds bounds = mix_bounds(to_float(own), to_float(partner), weight);
  const uint32_t both = narrow_pair<T>(bounds.low, bounds.high);
  const auto result = static_cast<uint16_t>(both);
  const bool settled = result == both >> 16 && not_finite<T>(result) == 0 && weight < 1.0f;
  if (settled && weight >= kLeastBoundedWeight<T>) return T{result};
  if ((own.bits | partner.bits) == 0) return own;
  return mix_element(own, partner, weight);
}

// Mixes a vector with one weight. Weights 1 and 0 copy bits, as in mix_element. `byte_bias` is kByteBias from the
// kernel's arguments; biased_byte() (cuda/vector_io.h) explains why.
template <typename T, int kBytes>
__device__ __forceinline__ Words<kWordsOf<kBytes>> mix_vector(const Words<kWordsOf<kBytes>>& own,
                                                              const Words<kWordsOf<kBytes>>& partner, float weight,
                                                              uint32_t byte_bias) {
  if (weight == 1.0f || weight == 0.0f) return weight == 1.0f ? own : partner;
  if constexpr (sizeof(T) == 1) {
    return mix_bytes(own, partner, weight, byte_bias);
  } else if constexpr (sizeof(T) == 2 && kBytes >= 4) {
    return mix_pairs<T>(own, partner, weight);
  } else if constexpr (sizeof(T) == 2) {
    return {{mix_one(element<T>(own, 0), element<T>(partner, 0), weight).bits}};
  } else if constexpr (sizeof(T) == 4 && kSlowFloat64) {
    Words<kWordsOf<kBytes>> result;
#pragma unroll
    for (int w = 0; w < kWordsOf<kBytes>; ++w) {
      result.word[w] = bit_cast<uint32_t>(mix_one(element<float>(own, w), element<float>(partner, w), weight));
      hide_origin(result.word[w]);
    }
    return result;
  } else {
    constexpr int kStep = kWordsOfStep<T>;
    constexpr int kEach = kElementsOfStep<T, kBytes>;
    Words<kWordsOf<kBytes>> result;
#pragma unroll
    for (int w = 0; w < kWordsOf<kBytes>; w += kStep) {
      Words<kStep> a, b;
#pragma unroll
      for (int s = 0; s < kStep; ++s) {
        a.word[s] = own.word[w + s];
        b.word[s] = partner.word[w + s];
      }
      const Words<kStep> mixed = mix_step<T, kStep, kEach>(a, b, weight);
#pragma unroll
      for (int s = 0; s < kStep; ++s) {
        result.word[w + s] = mixed.word[s];
        hide_origin(result.word[w + s]);
      }
    }
    return result;
  }
}

// Mixes element j of the vector again, now with `weight`, for every bit j that is set in `inside`. Only the few vectors
// that cross a box's border need this, so the code favours size over speed.
template <typename T, int kBytes>
__device__ __forceinline__ void mix_inside(Words<kWordsOf<kBytes>>& result, const Words<kWordsOf<kBytes>>& own,
                                           const Words<kWordsOf<kBytes>>& partner, float weight, uint32_t inside,
                                           uint32_t byte_bias) {
  constexpr int kStep = kWordsOfStep<T>;
  constexpr int kEach = kElementsOfStep<T, kBytes>;
#pragma unroll 1
  for (int w = 0; w < kWordsOf<kBytes>; w += kStep) {
    Words<kStep> a, b;
#pragma unroll
    for (int s = 0; s < kStep; ++s) {
      a.word[s] = word_at(own, w + s);
      b.word[s] = word_at(partner, w + s);
    }
    const Words<kStep> mixed = mix_few<T, kStep, kEach>(a, b, weight, byte_bias);
    const uint32_t bits = word_bits<T>(inside >> (w / kStep * kEach), 0);
#pragma unroll
    for (int s = 0; s < kStep; ++s) set_word(result, w + s, (mixed.word[s] & bits) | (word_at(result, w + s) & ~bits));
  }
}

// Returns the bitwise or of all image addresses, sizes and strides in bytes. If it is a multiple of 16, so is each of
// them, and every 16-byte vector is aligned.
inline uint64_t alignment_bits(const MixParams& params) {
  const uint64_t item = static_cast<uint64_t>(size_of(params.dtype));
  uint64_t bits = reinterpret_cast<uintptr_t>(params.out) | static_cast<uint64_t>(params.elements) * item;
  bits |= reinterpret_cast<uintptr_t>(params.clean);
  for (int32_t j = 0; params.others != nullptr && j < params.plan.others; ++j)
    bits |= reinterpret_cast<uintptr_t>(params.others[j]);
  if (params.plan.batch > 1) bits |= static_cast<uint64_t>(params.out_stride) * item;
  if (!params.in_place) {
    for (int32_t i = 0; i < params.plan.batch; ++i) bits |= reinterpret_cast<uintptr_t>(params.in[i]);
  }
  return bits;
}

}  // namespace fastmix
