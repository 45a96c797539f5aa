// Draws plans that mix up to kMaxWays samples with Dirichlet weights.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/multiway.h"
#include "plan/policy.h"

namespace fastmix {

// Each unit (the batch, or each sample) draws its weights from Dirichlet(alpha) once, and is mixed with probability
// `prob`. The first weight is that of the own image.
struct DirichletPolicy {
  std::vector<double> alpha;  // one per image that is mixed
  double prob = 1.0;
  Per per = Per::kSample;
};

struct MultiwayPlan {
  std::vector<MultiwayRow> rows;  // the first partner of each sample is itself
  int32_t batch() const { return static_cast<int32_t>(rows.size()); }
};

void validate(const DirichletPolicy& policy);

// Draws each column of partners after the first as an independent uniform permutation.
MultiwayPlan draw_multiway(const DirichletPolicy& policy, int32_t batch, const DrawKey& key);

}  // namespace fastmix
