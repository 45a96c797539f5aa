// Draws plans that mix up to kMaxWays samples with Dirichlet weights.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/multiway.h"
#include "plan/policy.h"

namespace fastmix {

// weight ~ Dirichlet(alpha[0], alpha[1], ...); the first is the own image's. Applied with probability `prob` and drawn
// once per unit: the batch or the sample.
struct DirichletPolicy {
  std::vector<double> alpha;  // one per way
  double prob = 1.0;
  Per per = Per::kSample;
};

struct MultiwayPlan {
  std::vector<MultiwayRow> rows;  // the first partner of each sample is itself
  int32_t batch() const { return static_cast<int32_t>(rows.size()); }
};

void validate(const DirichletPolicy& policy);

// Partner columns 1, 2, ... are independent uniform permutations.
MultiwayPlan draw_multiway(const DirichletPolicy& policy, int32_t batch, const DrawKey& key);

}  // namespace fastmix
