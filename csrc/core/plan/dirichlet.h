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
  std::vector<MultiwayRow> rows;  // the first partner of each sample is itself
  MultiwayView view() const { return {static_cast<int32_t>(rows.size()), rows.data()}; }
};

void validate(const DirichletPolicy& policy);

// Every column of partners but the first is a uniform permutation of its own.
MultiwayPlan draw_multiway(const DirichletPolicy& policy, int32_t batch, const DrawKey& key);

}  // namespace fastmix
