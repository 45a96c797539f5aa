// Draws plans that mix up to kMaxWays samples with Dirichlet weights.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/multiway.h"
#include "plan/policy.h"

namespace fastmix {

// Each unit (the batch or a sample, see `per`) draws its weights from Dirichlet(alpha) and is mixed with probability
// `prob`. The first weight is that of the sample's own image, the others are those of its partners.
struct DirichletPolicy {
  std::vector<double> alpha;  // K numbers, where each result mixes K images
  double prob = 1.0;
  Per per = Per::kSample;
};

struct MultiwayPlan {
  std::vector<MultiwayRow> rows;  // partner[0] of a row is the sample itself
  int32_t batch() const { return static_cast<int32_t>(rows.size()); }
};

void validate(const DirichletPolicy& policy);

// For each k >= 1, draws partner[k] of all rows as a uniform permutation of the batch, independent of the others.
MultiwayPlan draw_multiway(const DirichletPolicy& policy, int32_t batch, const DrawKey& key);

}  // namespace fastmix
