// Streams of random numbers. A stream is a pure function of (seed, purpose, epoch, rank, step, unit, variant). Adding
// draws to one purpose does not change the draws of other purposes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "formula/exact_math.h"
#include "random/philox.h"

namespace fastmix {

enum class Purpose : uint32_t {
  kPairing = 1,
  kChoice = 2,
  kApply = 3,
  kWeight = 4,
  kBox = 5,
  kCrop = 6,
  kOrder = 7,
  kInside = 8,
  kMask = 9,
  kAugment = 10,
};

// The least shape of a Gamma variate. Smaller shapes are raised to it. This changes no weight: at this shape, the
// larger of two variates already equals their float64 sum. With smaller shapes, the logarithms of both variates could
// overflow to -infinity, and then could not be compared.
constexpr double kLeastShape = 1e-300;

class RandomStream {
 public:
  // `variant` gives several users of one purpose, such as the policies of a choice, a stream each.
  RandomStream(uint64_t seed, Purpose purpose, uint32_t epoch, uint32_t rank, uint64_t step, uint32_t unit,
               uint32_t variant = 0) {
    const Philox4 derived = philox4x32_10({{epoch, rank, static_cast<uint32_t>(purpose), variant}},
                                          {{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)}});
    key_ = {{derived.word[0], derived.word[1]}};
    counter_ = {{0, unit, static_cast<uint32_t>(step), static_cast<uint32_t>(step >> 32)}};
  }

  uint32_t next_u32() {
    if (used_ == 4) {
      block_ = philox4x32_10(counter_, key_);
      ++counter_.word[0];
      used_ = 0;
    }
    return block_.word[used_++];
  }

  // Uniform in the open interval (0, 1): (m + 0.5) * 2^-52, exactly, for 52 random bits m.
  double uniform() {
    const uint64_t high = next_u32() >> 6;
    const uint64_t low = next_u32() >> 6;
    return (static_cast<double>(high * 67108864u + low) + 0.5) * 0x1p-52;
  }

  // Uniform in [0, bound), for bound >= 1 (Lemire 2019, with rejection).
  uint32_t below(uint32_t bound) {
    uint64_t product = uint64_t{next_u32()} * bound;
    if (static_cast<uint32_t>(product) < bound) {
      const uint32_t threshold = (0u - bound) % bound;
      while (static_cast<uint32_t>(product) < threshold) product = uint64_t{next_u32()} * bound;
    }
    return static_cast<uint32_t>(product >> 32);
  }

  // Standard normal by Marsaglia's polar method: log and sqrt only.
  double normal() {
    for (;;) {
      const double u = 2.0 * uniform() - 1.0;
      const double v = 2.0 * uniform() - 1.0;
      const double s = u * u + v * v;
      if (s < 1.0 && s > 0.0) return u * std::sqrt(-2.0 * exact_log(s) / s);
    }
  }

  // Returns the log of a Gamma(shape) variate (Marsaglia and Tsang 2000). For shape a < 1 it uses Gamma(a) = Gamma(a +
  // 1) * U^(1/a), with U uniform in (0, 1). The variate itself would mostly underflow for a shape such as 1e-3.
  double log_gamma_variate(double shape) {
    double boost = 0.0;
    if (shape < 1.0) {
      boost = exact_log(uniform()) / shape;
      shape += 1.0;
    }
    const double d = shape - 1.0 / 3.0;
    const double c = 1.0 / std::sqrt(9.0 * d);
    for (;;) {
      const double x = normal();
      const double cube_root = 1.0 + c * x;
      if (cube_root <= 0.0) continue;
      const double v = cube_root * cube_root * cube_root;
      if (exact_log(uniform()) < 0.5 * x * x + d - d * v + d * exact_log(v)) return exact_log(d * v) + boost;
    }
  }

  // Beta(a, b) in [0, 1], never NaN for any a, b > 0.
  double beta(double a, double b) {
    const double log_a = log_gamma_variate(std::max(a, kLeastShape));
    const double log_b = log_gamma_variate(std::max(b, kLeastShape));
    return 1.0 / (1.0 + exact_exp(log_b - log_a));
  }

  // Draws one Gamma variate per shape. The weights are the variates divided by their sum. The largest logarithm is
  // subtracted from all of them first, so no variate overflows, and not all underflow.
  void dirichlet(std::span<const double> alpha, double* weight) {
    const size_t ways = alpha.size();
    for (size_t k = 0; k < ways; ++k) weight[k] = log_gamma_variate(std::max(alpha[k], kLeastShape));
    const double largest = *std::max_element(weight, weight + ways);
    double sum = 0.0;
    for (size_t k = 0; k < ways; ++k) sum += weight[k] = exact_exp(weight[k] - largest);
    for (size_t k = 0; k < ways; ++k) weight[k] /= sum;
  }

  // A uniform permutation of 0 .. n - 1 (Fisher and Yates).
  template <typename Index>
  std::vector<Index> permutation(uint32_t n) {
    std::vector<Index> values(n);
    for (uint32_t i = 0; i < n; ++i) values[i] = static_cast<Index>(i);
    for (uint32_t i = n; i > 1; --i) std::swap(values[i - 1], values[below(i)]);
    return values;
  }

 private:
  PhiloxKey key_;
  Philox4 counter_;
  Philox4 block_{};
  int used_ = 4;
};

}  // namespace fastmix
