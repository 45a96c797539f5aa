// The distributions of own weights. The own weight of a sample is the weight of its own image in the mix.
#pragma once

#include <cstdint>

#include "random/random.h"

namespace fastmix {

enum class Law : int32_t { kBeta = 0, kUniform = 1, kFixed = 2, kUniformSide = 3 };
enum class Fold : int32_t { kNone = 0, kMax = 1, kMin = 2 };

// How to draw an own weight w. kBeta draws w from Beta(a, b). kUniform draws w uniformly between a and b. kFixed sets w
// to a. kUniformSide draws a side s uniformly between a and b and sets w to 1 - s^2, the share of an image outside a
// square box of side s. `fold` then takes the larger (kMax) or the smaller (kMin) of w and 1 - w. Finally w is clamped
// to [least, most].
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

// Draws a weight in [0, 1]. A fixed weight uses no random numbers.
double draw_weight(const WeightLaw& law, RandomStream& draws);

}  // namespace fastmix
