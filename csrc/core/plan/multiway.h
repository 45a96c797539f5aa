// Plans that mix up to kMaxWays samples, and the weighted sums that they describe.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace fastmix {

constexpr int32_t kMaxWays = 4;

// One sample of a plan that mixes up to four images: a row of 64 bytes, like PlanRow. The result is the sum of
// weight[k] * in[partner[k]] over all k < ways. Weights are float64, because they would not sum to 1 in float32.
struct alignas(64) MultiwayRow {
  int32_t header = kMultiwayHeader;
  int32_t ways = 1;
  int32_t spare[2] = {};
  int32_t partner[kMaxWays] = {};
  double weight[kMaxWays] = {};
};
static_assert(sizeof(MultiwayRow) == sizeof(PlanRow));

// Rows in host memory that the caller owns.
struct MultiwayRows {
  int32_t batch = 0;
  const MultiwayRow* rows = nullptr;
};

// Throws Error for a number of ways outside [2, kMaxWays], partners outside [0, samples), weights outside [0, 1] and
// weights that do not sum to 1.
void validate(const MultiwayRows& plan, int32_t samples);

// Output i is the sum of the terms weight[k] * in[source[k]] for begin[i] <= k < begin[i + 1], added in this order. No
// term has weight 0, so a NaN in an unused image does not spread. An output with a single term, of weight 1, is an
// exact copy of its source.
struct Terms {
  std::vector<uint32_t> begin;
  std::vector<int32_t> source;
  std::vector<double> weight;

  int32_t outputs() const { return static_cast<int32_t>(begin.size()) - 1; }
  // Returns the source that output i copies, or -1 if it does not copy one.
  int32_t copied(int32_t i) const {
    return begin[i + 1] == begin[i] + 1 && weight[begin[i]] == 1.0 ? source[begin[i]] : -1;
  }
};
Terms terms_of(const MultiwayRows& plan);
// The terms of the gradient of these sums. The gradient of input i adds up the gradients of the outputs that use the
// input, in ascending order.
Terms transposed(const MultiwayRows& plan, int32_t samples);

}  // namespace fastmix
