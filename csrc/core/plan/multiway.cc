#include "plan/multiway.h"

#include <cmath>

#include "base/error.h"

namespace fastmix {

namespace {

constexpr double kSumTolerance = 1e-6;

}  // namespace

void validate(const MultiwayArrays& plan, int32_t samples) {
  check(plan.ways >= 2 && plan.ways <= kMaxWays, "plan: expected 2 to ", kMaxWays, " partners per sample, got ",
        plan.ways);
  for (int32_t i = 0; i < plan.batch; ++i) {
    double sum = 0.0;
    for (int64_t k = int64_t{i} * plan.ways; k < int64_t{i + 1} * plan.ways; ++k) {
      check(plan.partner[k] >= 0 && plan.partner[k] < samples, "plan: expected partner in [0, ", samples, "), got ",
            plan.partner[k], " for sample ", i);
      check(plan.weight[k] >= 0.0 && plan.weight[k] <= 1.0, "plan: expected weight in [0, 1], got ", plan.weight[k],
            " for sample ", i);
      sum += plan.weight[k];
    }
    check(std::abs(sum - 1.0) <= kSumTolerance, "plan: expected weights that sum to 1, got a sum of ", sum,
          " for sample ", i);
  }
}

Terms terms_of(const MultiwayArrays& plan) {
  Terms terms;
  terms.begin.push_back(0);
  for (int32_t i = 0; i < plan.batch; ++i) {
    for (int64_t k = int64_t{i} * plan.ways; k < int64_t{i + 1} * plan.ways; ++k) {
      if (plan.weight[k] == 0.0) continue;
      terms.source.push_back(plan.partner[k]);
      terms.weight.push_back(plan.weight[k]);
    }
    terms.begin.push_back(static_cast<uint32_t>(terms.source.size()));
  }
  return terms;
}

Terms transposed(const MultiwayArrays& plan, int32_t samples) {
  const int64_t count = int64_t{plan.batch} * plan.ways;
  Terms terms;
  terms.begin.assign(samples + 1, 0);
  for (int64_t k = 0; k < count; ++k) terms.begin[plan.partner[k] + 1] += plan.weight[k] != 0.0;
  for (int32_t i = 0; i < samples; ++i) terms.begin[i + 1] += terms.begin[i];
  terms.source.resize(terms.begin.back());
  terms.weight.resize(terms.begin.back());
  std::vector<uint32_t> next = terms.begin;
  for (int64_t k = 0; k < count; ++k) {
    if (plan.weight[k] == 0.0) continue;
    const uint32_t at = next[plan.partner[k]]++;
    terms.source[at] = static_cast<int32_t>(k / plan.ways);
    terms.weight[at] = plan.weight[k];
  }
  return terms;
}

}  // namespace fastmix
