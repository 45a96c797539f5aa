// Plans that mix up to kMaxWays samples, and the weighted sums that they describe.
#pragma once

#include <cstdint>
#include <vector>

namespace fastmix {

constexpr int32_t kMaxWays = 4;

// Borrowed host arrays. Output i mixes the images of partner[i * ways + k] by weight[i * ways + k], which
// sum to 1. Weights are float64: in float32 they would not sum to 1, and mixing an image with itself would change it.
struct MultiwayArrays {
  int32_t batch = 0;
  int32_t ways = 1;
  const int32_t* partner = nullptr;
  const double* weight = nullptr;
};

// Refuses a number of ways outside [2, kMaxWays], partners outside [0, samples), weights outside [0, 1] and weights
// that do not sum to 1.
void validate(const MultiwayArrays& plan, int32_t samples);

// Output i is the sum of weight[k] * in[source[k]] for begin[i] <= k < begin[i + 1], added in this order. No term has
// weight 0, so no NaN leaks from an unused image. A single term of weight 1 is copied bit by bit.
struct Terms {
  std::vector<uint32_t> begin;
  std::vector<int32_t> source;
  std::vector<double> weight;

  int32_t outputs() const { return static_cast<int32_t>(begin.size()) - 1; }
  // The source that output i copies, or -1.
  int32_t copied(int32_t i) const {
    return begin[i + 1] == begin[i] + 1 && weight[begin[i]] == 1.0 ? source[begin[i]] : -1;
  }
};
Terms terms_of(const MultiwayArrays& plan);
// The terms of the gradient: input i collects from the outputs that use it, ascending.
Terms transposed(const MultiwayArrays& plan, int32_t samples);

}  // namespace fastmix
