// The walk along a walk that mix and normalize_mix share: every sample is read once, also in place.
#pragma once

#include <cstdint>

#include "cuda/kernel_plan.h"
#include "cuda/vector_io.h"

namespace fastmix {

constexpr int kLanes = 32;

// Block (32, warps): a warp takes a segment of the block's group, a lane one vector position of every sample
// (`active` is false beyond the sample's end). load(entry) reads the lane's vector of a sample, settle(entry, v)
// makes it ready for use once it has arrived, emit(entry, own, partner) mixes and writes.
//
// In place the order is what makes it right. Before the barrier every segment has read its first vector and put
// it into `heads`; behind it the segments write, and the only vector that a segment needs from another one is
// such a head. Within a segment the partner is read, by the same lane, before its own turn to be overwritten.
template <int kWords, int kLess = 0, typename Plan, typename Load, typename Settle, typename Emit>
__device__ __forceinline__ void walk_segments(const Plan& plan, uint32_t* heads, bool active, const Load& load,
                                              const Settle& settle, const Emit& emit) {
  // 64 bytes of a lane in flight, however wide its vector; see kWindow. kLess fewer vectors where an emit needs the
  // registers.
  constexpr int kDepth = !Plan::kInline ? 2 : (kWords <= 4 ? kWindow : kWindow - 1) - kLess;
  // Neither loop is unrolled further: the registers are needed for the vectors.
#pragma unroll 1
  for (uint32_t group = blockIdx.y; group < plan.groups(); group += gridDim.y) {
    const uint32_t segment = plan.group_begin(group) + threadIdx.y;
    const bool mine = active && segment < plan.group_begin(group + 1);
    uint32_t at = mine ? plan.segment_begin(segment) : 0;
    const uint32_t end = mine ? plan.segment_begin(segment + 1) : 0;

    Words<kWords> window[kDepth] = {};
#pragma unroll
    for (int j = 0; j < kDepth; ++j) {
      if (at + j < end) window[j] = load(plan.entry(at + j));
    }
    if (mine) {
      settle(plan.entry(at), window[0]);
#pragma unroll
      for (int w = 0; w < kWords; ++w) heads[(threadIdx.y * kWords + w) * kLanes + threadIdx.x] = window[0].word[w];
    }
    __syncthreads();
    const uint32_t* tail = heads + (mine ? plan.successor(segment) : 0) * kWords * kLanes + threadIdx.x;

#pragma unroll 1
    for (; at < end; at += kDepth) {
#pragma unroll
      for (int j = 0; j < kDepth; ++j) {
        const uint32_t k = at + j;
        if (k >= end) break;
        const uint32_t entry = plan.entry(k);
        Words<kWords>& partner = window[(j + 1) % kDepth];
        if (k + 1 < end) {
          settle(plan.entry(k + 1), partner);
        } else {
#pragma unroll
          for (int w = 0; w < kWords; ++w) partner.word[w] = tail[w * kLanes];
        }
        if constexpr (kDepth > 2) {
          // Two loads are under way during this; own needs no registers besides its place in the window.
          emit(entry, window[j], partner);
          if (k + kDepth < end) window[j] = load(plan.entry(k + kDepth));
        } else {
          const Words<kWords> own = window[j];
          if (k + kDepth < end) window[j] = load(plan.entry(k + kDepth));
          emit(entry, own, partner);
        }
      }
    }
    // The next group's heads must not overwrite tails that a slower warp still has to read.
    if (group + gridDim.y < plan.groups()) __syncthreads();
  }
}

inline size_t heads_bytes(uint32_t warps, int words) { return sizeof(uint32_t) * warps * words * kLanes; }

}  // namespace fastmix
