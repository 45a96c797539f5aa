// The weight of one term of a gradient, with the functions that weighted_sums.h lists. With w the weight of the
// sample's own image, it is w in the gradient of that image and 1 - w in the gradient of its partner.
#pragma once

#include <cstdint>

#include "cuda/kernel_plan.h"
#include "formula/float_sum.h"
#include "plan/gpu_walk.h"

namespace fastmix {

struct ShareWeight {
  bool of_partner;
  __device__ __forceinline__ bool none(float own) const { return own == (of_partner ? 1.0f : 0.0f); }
  __device__ __forceinline__ double exact(float own) const {
    return of_partner ? 1.0 - static_cast<double>(own) : static_cast<double>(own);
  }
  __device__ __forceinline__ WeightBounds bounds(float own) const {
    return of_partner ? bounds_of_rest(own) : WeightBounds{own, own};
  }
  __device__ __forceinline__ SplitWeight halves(float own) const {
    return of_partner ? split_rest(own) : SplitWeight{own, 0.0f};
  }
};

// The weights of an entry's sample. A sample that is its own partner has weight 1: it keeps its whole gradient.
template <typename Plan>
__device__ __forceinline__ Weights share_weights(const Plan& plan, uint32_t entry) {
  if ((entry & kBlendFlag) == 0) return {1.0f, 1.0f};
  return plan.weights(sample_of(entry));
}

}  // namespace fastmix
