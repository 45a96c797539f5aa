// Plans that mix more than two samples, with Dirichlet weights.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/multiway.h"
#include "plan/policy.h"

namespace fastmix {

// weight ~ Dirichlet(alpha[0], alpha[1], ...), the first for the sample's own image; applied with probability `prob`
// and drawn anew `per` unit: the batch or the sample.
struct DirichletPolicy {
  std::vector<double> alpha;  // one per way
  double prob = 1.0;
  Per per = Per::kSample;
};

struct MultiwayPlan {
  int32_t ways = 1;
  std::vector<int32_t> partner;  // batch x ways; the first of each sample is itself
  std::vector<double> weight;    // batch x ways
  int32_t batch() const { return static_cast<int32_t>(partner.size()) / ways; }
  MultiwayView view() const { return {batch(), ways, partner.data(), weight.data()}; }
};

void validate(const DirichletPolicy& policy);

// Every column of partners but the first is a uniform permutation of its own.
MultiwayPlan draw_multiway(const DirichletPolicy& policy, int32_t batch, const DrawKey& key);

}  // namespace fastmix
