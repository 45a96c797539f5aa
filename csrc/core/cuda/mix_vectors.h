// The shared formula applied to whole vectors, and how wide these may be.
#pragma once

#include <cstdint>

#include "../mix.h"
#include "../mix_math.h"
#include "vector_io.h"

namespace fastmix {

// The bits of word `w` that belong to the elements set in `mask`.
template <typename T>
__device__ __forceinline__ uint32_t word_mask(uint32_t mask, int w) {
  if constexpr (sizeof(T) == 8) return 0u - (mask >> (w / 2) & 1u);
  if constexpr (sizeof(T) == 4) return 0u - (mask >> w & 1u);
  if constexpr (sizeof(T) == 2) {
    const uint32_t pair = mask >> (2 * w) & 3u;
    return ((pair | pair << 15) & 0x00010001u) * 0xffffu;
  }
  const uint32_t four = mask >> (4 * w) & 15u;
  return ((four | four << 7 | four << 14 | four << 21) & 0x01010101u) * 0xffu;
}

// Mixes the elements set in `mask` into `result` and leaves the others. Word by word, so that few elements are
// held in float64 at a time.
template <typename T, int kBytes>
__device__ __forceinline__ void mix_vector(Words<kWordsOf<kBytes>>& result, Words<kWordsOf<kBytes>> own,
                                           Words<kWordsOf<kBytes>> partner, float weight, uint32_t mask) {
  constexpr int kItem = static_cast<int>(sizeof(T));
  constexpr int kStep = kItem > 4 ? kItem / 4 : 1;                   // words of one element, at least 1
  constexpr int kEach = kItem > 4 ? 1 : kBytes < 4 ? 1 : 4 / kItem;  // elements of one step
  const bool copies = weight == 1.0f || weight == 0.0f;
#pragma unroll
  for (int w = 0; w < kWordsOf<kBytes>; w += kStep) {
    Words<kStep> mixed = {};
    if (!copies) {
#pragma unroll
      for (int s = 0; s < kStep; ++s) {
        hide_origin(own.word[w + s]);
        hide_origin(partner.word[w + s]);
      }
#pragma unroll
      for (int j = 0; j < kEach; ++j) {
        const int from = w / kStep * kEach + j;
        put_element(mixed, j, mix_element(element<T>(own, from), element<T>(partner, from), weight));
      }
    }
#pragma unroll
    for (int s = 0; s < kStep; ++s) {
      const uint32_t copied = weight == 1.0f ? own.word[w + s] : partner.word[w + s];
      const uint32_t bits = word_mask<T>(mask, w + s);
      result.word[w + s] = ((copies ? copied : mixed.word[s]) & bits) | (result.word[w + s] & ~bits);
      hide_origin(result.word[w + s]);
    }
  }
}

// The largest power of two that divides this divides every address and size, in bytes: how wide a vector may be.
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
