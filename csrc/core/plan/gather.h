// The transposed plan: which gradients reach which sample. CPU and CUDA add them in this order, so both round alike.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace fastmix {

// One share of the gradient of output `sample`: the share of the sample itself or, with `of_partner`, of its partner.
struct Share {
  int32_t sample;
  bool of_partner;
};

// Input i collects shares[begin[i]] ... shares[begin[i + 1] - 1]: its own share first, then those of the samples that
// it is the partner of, ascending.
struct Gather {
  std::vector<uint32_t> begin;
  std::vector<Share> shares;
  int32_t inputs() const { return static_cast<int32_t>(begin.size()) - 1; }
};

// The inputs are the batch's samples or, with `of_others`, the samples of the other batch that partners come from.
Gather gather_of(const PlanView& plan, bool of_others);

}  // namespace fastmix
