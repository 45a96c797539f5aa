// The transposed plan: for each sample, the gradients that reach it. CPU and CUDA add them in the order of
// Gather::shares, so both give the same bits.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace fastmix {

// One part of the gradient of output `sample`. It goes to the sample's own image or, with `of_partner`, to the partner.
struct Share {
  int32_t sample;
  bool of_partner;
};

// The gradient of input i is the sum of shares[begin[i]] ... shares[begin[i + 1] - 1]. The share of output i itself
// comes first, then the shares of the outputs whose partner is i, in ascending order.
struct Gather {
  std::vector<uint32_t> begin;
  std::vector<Share> shares;
  int32_t inputs() const { return static_cast<int32_t>(begin.size()) - 1; }
};

// Transposes a plan. The inputs are the batch's samples or, with `of_others`, the other batch that partners come from.
Gather gather_of(const PlanView& plan, bool of_others);

}  // namespace fastmix
