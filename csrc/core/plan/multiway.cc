#include "plan/multiway.h"

#include <cmath>

#include "base/error.h"

namespace fastmix {

namespace {

constexpr double kSumTolerance = 1e-6;

}  // namespace

void validate(const MultiwayRows& plan, int32_t samples) {
  for (int32_t i = 0; i < plan.batch; ++i) {
    const MultiwayRow& row = plan.rows[i];
    check(row.header == kMultiwayHeader, "plan: expected header ", kMultiwayHeader,
          " (rows that mix several images, layout version ", kPlanVersion, "), got ", row.header, " for sample ", i,
          "; make rows with MultiwayPlan");
    check(row.ways >= 2 && row.ways <= kMaxWays, "plan: expected 2 to ", kMaxWays, " partners per sample, got ",
          row.ways, " for sample ", i);
    double sum = 0.0;
    for (int32_t k = 0; k < row.ways; ++k) {
      check(row.partner[k] >= 0 && row.partner[k] < samples, "plan: expected partner in [0, ", samples, "), got ",
            row.partner[k], " for sample ", i);
      check(row.weight[k] >= 0.0 && row.weight[k] <= 1.0, "plan: expected weight in [0, 1], got ", row.weight[k],
            " for sample ", i);
      sum += row.weight[k];
    }
    check(std::abs(sum - 1.0) <= kSumTolerance, "plan: expected weights that sum to 1, got a sum of ", sum,
          " for sample ", i);
  }
}

Terms terms_of(const MultiwayRows& plan) {
  Terms terms;
  terms.begin.push_back(0);
  for (int32_t i = 0; i < plan.batch; ++i) {
    const MultiwayRow& row = plan.rows[i];
    for (int32_t k = 0; k < row.ways; ++k) {
      if (row.weight[k] == 0.0) continue;
      terms.source.push_back(row.partner[k]);
      terms.weight.push_back(row.weight[k]);
    }
    terms.begin.push_back(static_cast<uint32_t>(terms.source.size()));
  }
  return terms;
}

Terms transposed(const MultiwayRows& plan, int32_t samples) {
  const Terms terms = terms_of(plan);
  Terms given;
  given.begin.assign(samples + 1, 0);
  for (const int32_t source : terms.source) ++given.begin[source + 1];
  for (int32_t i = 0; i < samples; ++i) given.begin[i + 1] += given.begin[i];
  given.source.resize(terms.source.size());
  given.weight.resize(terms.source.size());
  std::vector<uint32_t> next = given.begin;
  for (int32_t i = 0; i < terms.outputs(); ++i) {
    for (uint32_t k = terms.begin[i]; k < terms.begin[i + 1]; ++k) {
      const uint32_t at = next[terms.source[k]]++;
      given.source[at] = i;
      given.weight[at] = terms.weight[k];
    }
  }
  return given;
}

}  // namespace fastmix
