#include "plan/sample_draws.h"

#include <cmath>
#include <vector>

#include "base/error.h"
#include "formula/exact_math.h"

namespace fastmix {

void validate(const SampleVariates& v) {
  check(std::isfinite(v.a) && std::isfinite(v.b), "sample_draws: expected finite parameters, got ", v.a, " and ", v.b);
  switch (v.law) {
    case SampleLaw::kUniform:
      return;
    case SampleLaw::kLogUniform:
      return check(v.a > 0.0 && v.b > 0.0, "sample_draws: expected a log-uniform range with ends > 0, got ", v.a,
                   " and ", v.b);
    case SampleLaw::kNormal:
      return check(v.b >= 0.0, "sample_draws: expected a standard deviation >= 0, got ", v.b);
    case SampleLaw::kDirichlet:
      return check(v.a > 0.0, "sample_draws: expected alpha > 0, got ", v.a);
  }
}

void draw_samples(const SampleVariates& v, const SampleKey& key, uint32_t variant, std::span<double> to) {
  RandomStream stream = stream_of(key, Purpose::kAugment, variant);
  switch (v.law) {
    case SampleLaw::kUniform:
      for (double& x : to) x = v.a + (v.b - v.a) * stream.uniform();
      return;
    case SampleLaw::kLogUniform: {
      const double low = exact_log(v.a), high = exact_log(v.b);
      for (double& x : to) x = exact_exp(low + (high - low) * stream.uniform());
      return;
    }
    case SampleLaw::kNormal:
      for (double& x : to) x = v.a + v.b * stream.normal();
      return;
    case SampleLaw::kDirichlet:
      if (!to.empty()) stream.dirichlet(std::vector<double>(to.size(), v.a), to.data());
      return;
  }
}

}  // namespace fastmix
