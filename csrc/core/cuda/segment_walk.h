// The loop of mix and normalize_mix over a GpuWalk. It reads each sample once, even in place.
//
// Here A -> B means that B is A's partner. A cycle A -> B -> C -> D -> E -> F -> A becomes two segments. One block runs
// them, a warp each, so the warps share `heads`. Each lane does this for its own vector position:
//
//             warp 0, segment A B C, successor 1    warp 1, segment D E F, successor 0
//   prefetch  load A, B, C into registers           load D, E, F into registers
//             heads[0] = A   (shared memory)        heads[1] = D
//   --------------------------- __syncthreads(): every head is read, nothing is written ---------------------------
//   turn 1    write A = mix(A, B)                   write D = mix(D, E)
//   turn 2    write B = mix(B, C)                   write E = mix(E, F)
//   turn 3    write C = mix(C, heads[1])            write F = mix(F, heads[0])
//
// In place this order is safe. Within a segment, a sample is loaded before the turn that overwrites it: its registers
// serve as the partner in one turn, and the next turn overwrites it in memory. Across segments, the only vector needed
// is the successor's first, which `heads` keeps.
#pragma once

#include <cstdint>

#include "cuda/kernel_plan.h"
#include "cuda/vector_io.h"

namespace fastmix {

constexpr int kLanes = 32;

// A block has 32 x warps threads. A warp takes one segment of the block's bundle (plan/gpu_walk.h); a lane takes one
// vector position of every sample. `active` is false if that position is beyond the sample's end. load(entry) reads the
// lane's vector of a sample. settle(entry, v) changes the vector once it is loaded (normalize_mix mirrors pixels).
// emit(entry, own, partner) mixes and writes.
template <int kWords, int kLess = 0, typename Plan, typename Load, typename Settle, typename Emit>
__device__ __forceinline__ void walk_segments(const Plan& plan, uint32_t* heads, bool active, const Load& load,
                                              const Settle& settle, const Emit& emit) {
  // A lane keeps kDepth vectors in flight: kVectorsInFlight, or one less if vectors are wide, minus kLess if `emit`
  // needs the registers. With a plan in device memory it keeps two.
  constexpr int kDepth = !Plan::kInline ? 2 : (kWords <= 4 ? kVectorsInFlight : kVectorsInFlight - 1) - kLess;
  // unroll 1 here and below: further unrolling would take the registers of the vectors in flight.
#pragma unroll 1
  for (uint32_t bundle = blockIdx.y; bundle < plan.bundles(); bundle += gridDim.y) {
    const uint32_t segment = plan.bundle_begin(bundle) + threadIdx.y;
    const bool mine = active && segment < plan.bundle_begin(bundle + 1);
    uint32_t at = mine ? plan.segment_begin(segment) : 0;
    const uint32_t end = mine ? plan.segment_begin(segment + 1) : 0;

    Words<kWords> in_flight[kDepth] = {};
#pragma unroll
    for (int j = 0; j < kDepth; ++j) {
      if (at + j < end) in_flight[j] = load(plan.entry(at + j));
    }
    if (mine) {
      settle(plan.entry(at), in_flight[0]);
#pragma unroll
      for (int w = 0; w < kWords; ++w) heads[(threadIdx.y * kWords + w) * kLanes + threadIdx.x] = in_flight[0].word[w];
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
        Words<kWords>& partner = in_flight[(j + 1) % kDepth];
        if (k + 1 < end) {
          settle(plan.entry(k + 1), partner);
        } else {
#pragma unroll
          for (int w = 0; w < kWords; ++w) partner.word[w] = tail[w * kLanes];
        }
        if constexpr (kDepth > 2) {
          // emit() reads in_flight[j] itself, not a copy: the next load into it starts only after emit(). So kDepth - 2
          // loads are in flight during emit().
          emit(entry, in_flight[j], partner);
          if (k + kDepth < end) in_flight[j] = load(plan.entry(k + kDepth));
        } else {
          const Words<kWords> own = in_flight[j];
          if (k + kDepth < end) in_flight[j] = load(plan.entry(k + kDepth));
          emit(entry, own, partner);
        }
      }
    }
    // The next bundle must not overwrite heads that a slower warp has yet to read.
    if (bundle + gridDim.y < plan.bundles()) __syncthreads();
  }
}

inline size_t heads_bytes(uint32_t warps, int words) { return sizeof(uint32_t) * warps * words * kLanes; }

}  // namespace fastmix
