// The loop of mix_backward and combine: output i is the weighted sum of the samples in segment i of the walk. It adds
// in float64, in the order of the segment, and rounds once.
#pragma once

#include <cstdint>

#include "cuda/kernel_plan.h"
#include "cuda/kernel_plan_launch.h"
#include "cuda/segment_walk.h"
#include "cuda/vector_io.h"
#include "formula/mix_math.h"

namespace fastmix {

constexpr int kSumWarps = 8;

struct SumArgs {
  unsigned char* out;
  int64_t out_stride;  // bytes
  int64_t vectors;     // of one sample
  uint32_t outputs;
};

// weigh(k, entry) returns a function from the vector's element j to its weight. Terms of weight 0 are skipped, so their
// infinities and NaN do not leak. copies(k) is true if the only term of a segment is copied bit by bit.
template <typename T, int kBytes, typename Plan, typename Weigh, typename Copies>
__device__ __forceinline__ void sum_segments(const Plan& plan, const SumArgs& args, int64_t vector, const Weigh& weigh,
                                             const Copies& copies) {
  constexpr int kCount = kBytes / static_cast<int>(sizeof(T));
  for (uint32_t i = blockIdx.y * kSumWarps + threadIdx.y; i < args.outputs; i += gridDim.y * kSumWarps) {
    double sum[kCount] = {};
    const uint32_t begin = plan.segment_begin(i);
    const uint32_t end = plan.segment_begin(i + 1);
    Words<kWordsOf<kBytes>> result = {};
    bool copied = false;
    for (uint32_t k = begin; k < end; ++k) {
      const uint32_t entry = plan.entry(k);
      const auto* in = static_cast<const unsigned char*>(plan.pointer(sample_of(entry)));
      const auto value = load_global<kBytes>(in + vector * kBytes);
      if (end - begin == 1 && copies(k)) {
        result = value;
        copied = true;
        break;
      }
      const auto weight_of = weigh(k, entry);
#pragma unroll
      for (int j = 0; j < kCount; ++j) {
        const double weight = weight_of(j);
        if (weight != 0.0) sum[j] += weight * widen(element<T>(value, j));
      }
    }
    if (!copied) {
#pragma unroll
      for (int j = 0; j < kCount; ++j) put_element(result, j, narrow<T>(sum[j]));
    }
    store_global<kBytes>(args.out + i * args.out_stride + vector * kBytes, result);
  }
}

inline dim3 sum_grid(const SumArgs& args) {
  return grid_of((args.vectors + kLanes - 1) / kLanes, (args.outputs + kSumWarps - 1) / kSumWarps);
}

}  // namespace fastmix
