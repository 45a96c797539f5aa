// The transposed plan: which gradients reach which sample. CPU and CUDA add them in this order, so both round alike.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace fastmix {

// What the gradient of output `sample` gives: the share that the output kept, or the rest, which its partner gave.
struct Share {
  int32_t sample;
  bool of_partner;
};

// Input i collects shares[begin[i]] ... shares[begin[i + 1] - 1]: its own first, then, with ascending samples, those
// it was partner of.
struct Gather {
  std::vector<uint32_t> begin;
  std::vector<Share> shares;
  int32_t inputs() const { return static_cast<int32_t>(begin.size()) - 1; }
};

// Of the batch's samples or, where partners are rows of another batch, of its samples or of that batch's.
Gather gather_of(const PlanView& plan, bool of_others);

}  // namespace fastmix
