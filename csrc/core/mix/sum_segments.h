// The loop of the CUDA kernels of mix_backward and combine. Output i is the weighted sum of the samples that segment i
// of a GpuWalk (plan/gpu_walk.h) lists. The result has the same bits as a float64 sum in the segment's order that is
// rounded once to the element type.
#pragma once

#include <cstdint>

#include "cuda/kernel_plan.h"
#include "cuda/kernel_plan_launch.h"
#include "cuda/segment_walk.h"
#include "cuda/vector_io.h"
#include "formula/mix_math.h"
#include "mix/weighted_sums.h"

namespace fastmix {

constexpr int kSumWarps = 8;

struct SumArgs {
  unsigned char* out;
  int64_t out_stride;  // bytes from one output to the next
  int64_t vectors;     // vectors per sample
  uint32_t outputs;
};

// Computes element j of output i again, in float64. The caller has just read the terms, so they are in the cache.
template <typename T, typename Plan, typename Weigh>
__device__ __forceinline__ T exact_element(const Plan& plan, uint32_t i, int64_t vector_offset, int j,
                                           const Weigh& weigh) {
  constexpr int kItem = static_cast<int>(sizeof(T));
  double sum = 0.0;
#pragma unroll 1
  for (uint32_t k = plan.segment_begin(i); k < plan.segment_begin(i + 1); ++k) {
    const uint32_t entry = plan.entry(k);
    const auto* in = static_cast<const unsigned char*>(plan.pointer(sample_of(entry)));
    const auto weight = weigh(k, entry);
    if (weight.none(weight.at(j))) continue;
    const T value = element<T>(load_global<kItem>(in + vector_offset + j * kItem), 0);
    sum += weight.exact(weight.at(j)) * widen(value);
  }
  return narrow<T>(sum);
}

// Computes the vector at position `vector` of every output that the lane's warp handles. weigh(k, entry) returns the
// weight of term k, an object with the functions that weighted_sums.h lists. For a segment with a single term k,
// copies(k) returns whether the output is a plain copy of the term's sample.
template <typename T, int kBytes, typename Plan, typename Weigh, typename Copies>
__device__ __forceinline__ void sum_segments(const Plan& plan, const SumArgs& args, int64_t vector, const Weigh& weigh,
                                             const Copies& copies) {
  using Vector = Words<kWordsOf<kBytes>>;
  const int64_t offset = vector * kBytes;
  const auto load = [&](uint32_t k) {
    return load_global<kBytes>(static_cast<const unsigned char*>(plan.pointer(sample_of(plan.entry(k)))) + offset);
  };
#pragma unroll 1
  for (uint32_t i = blockIdx.y * kSumWarps + threadIdx.y; i < args.outputs; i += gridDim.y * kSumWarps) {
    const uint32_t begin = plan.segment_begin(i);
    const uint32_t end = plan.segment_begin(i + 1);
    Vector result = {}, next = {};
    if (begin < end) next = load(begin);
    if (end - begin == 1 && copies(begin)) {
      result = next;
    } else {
      typename ChooseSums<T, kBytes>::type sums;
      // Two loads are in flight: the load of term k + 1 is issued before the value of term k is used.
#pragma unroll 1
      for (uint32_t k = begin; k < end; ++k) {
        const Vector value = next;
        if (k + 1 < end) next = load(k + 1);
        sums.add(value, weigh(k, plan.entry(k)));
      }
#pragma unroll 1
      for (uint32_t open = sums.round(end - begin, &result); open != 0; open &= open - 1) {
        const int j = lowest_bit(open);
        set_element(result, j, exact_element<T>(plan, i, offset, j, weigh));
      }
    }
    store_global<kBytes>(args.out + i * args.out_stride + offset, result);
  }
}

inline dim3 sum_grid(const SumArgs& args) {
  return grid_of((args.vectors + kLanes - 1) / kLanes, (args.outputs + kSumWarps - 1) / kSumWarps);
}

}  // namespace fastmix
