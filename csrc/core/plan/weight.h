// The distributions of own weights.
#pragma once

#include <cstdint>

#include "random/random.h"

namespace fastmix {

enum class Law : int32_t { kBeta = 0, kUniform = 1, kFixed = 2, kUniformSide = 3 };
enum class Fold : int32_t { kNone = 0, kMax = 1, kMin = 2 };

// Draws a weight w, folds it to the larger or the smaller of w and 1 - w, then clamps it to [least, most]. The laws:
// Beta(a, b); uniform between a and b; always a; or 1 - s^2 for s uniform between a and b, the share outside a box of
// sides s.
struct WeightLaw {
  Law law = Law::kBeta;
  double a = 1.0;
  double b = 1.0;
  Fold fold = Fold::kNone;
  double least = 0.0;
  double most = 1.0;
};

// Beta(alpha, alpha), the law of the mixup and CutMix papers.
WeightLaw symmetric_beta(double alpha);

void validate(const WeightLaw& law);

// In [0, 1]. A fixed weight uses no random numbers.
double draw_weight(const WeightLaw& law, RandomStream& draws);

}  // namespace fastmix
