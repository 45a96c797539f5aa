#include "plan/dirichlet.h"

#include <cmath>

#include "base/error.h"

namespace fastmix {

void validate(const DirichletPolicy& policy) {
  check(policy.alpha.size() >= 2 && policy.alpha.size() <= kMaxWays, "policy: expected 2 to ", kMaxWays,
        " alphas, one per image to mix, got ", policy.alpha.size());
  for (const double alpha : policy.alpha) {
    check(alpha > 0.0 && std::isfinite(alpha), "policy: expected a finite alpha > 0, got ", alpha,
          "; to switch mixing off use prob=0 or no policy");
  }
  check(policy.prob >= 0.0 && policy.prob <= 1.0, "policy: expected prob in [0, 1], got ", policy.prob);
  check(policy.per != Per::kPair, "policy: expected per='batch' or per='sample' to mix several images, got per='pair'");
}

MultiwayPlan draw_multiway(const DirichletPolicy& policy, int32_t batch, const DrawKey& key) {
  validate(policy);
  check_batch(batch, key);
  const auto ways = static_cast<int32_t>(policy.alpha.size());
  MultiwayPlan plan;
  plan.rows.resize(batch);
  for (int32_t k = 1; k < ways; ++k) {
    const auto column = stream_of(key, Purpose::kPairing, key.offset, static_cast<uint32_t>(k - 1))
                            .permutation<int32_t>(static_cast<uint32_t>(batch));
    for (int32_t i = 0; i < batch; ++i) plan.rows[i].partner[k] = column[i];
  }
  for (int32_t i = 0; i < batch; ++i) {
    MultiwayRow& row = plan.rows[i];
    const uint32_t unit = policy.per == Per::kBatch ? 0 : key.offset + static_cast<uint32_t>(i);
    row.ways = ways;
    row.partner[0] = i;
    row.weight[0] = 1.0;
    if (stream_of(key, Purpose::kApply, unit).uniform() >= policy.prob) continue;
    stream_of(key, Purpose::kWeight, unit).dirichlet(policy.alpha, row.weight);
  }
  return plan;
}

}  // namespace fastmix
