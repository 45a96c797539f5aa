#include "plan/weight.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace fastmix {

namespace {

// Rounding may make a + (b - a) * u exceed b by one unit in the last place, so this takes the minimum.
double uniform_between(double a, double b, RandomStream& draws) { return std::min(a + (b - a) * draws.uniform(), b); }

double draw_law(const WeightLaw& law, RandomStream& draws) {
  switch (law.law) {
    case Law::kBeta:
      return draws.beta(law.a, law.b);
    case Law::kUniform:
      return uniform_between(law.a, law.b, draws);
    case Law::kUniformSide: {
      const double side = uniform_between(law.a, law.b, draws);
      return 1.0 - side * side;
    }
    case Law::kFixed:
      break;
  }
  return law.a;
}

}  // namespace

WeightLaw symmetric_beta(double alpha) { return {Law::kBeta, alpha, alpha, Fold::kNone, 0.0, 1.0}; }

void validate(const WeightLaw& law) {
  switch (law.law) {
    case Law::kBeta:
      for (double shape : {law.a, law.b}) {
        check(shape > 0.0 && std::isfinite(shape), "policy: expected a finite alpha > 0, got ", shape,
              "; to switch mixing off use prob=0 or no policy");
      }
      break;
    case Law::kUniform:
    case Law::kUniformSide:
      check(law.a >= 0.0 && law.a <= law.b && law.b <= 1.0,
            "policy: expected bounds 0 <= low <= high <= 1 of a uniform weight or side, got low ", law.a, " and high ",
            law.b);
      break;
    case Law::kFixed:
      check(law.a >= 0.0 && law.a <= 1.0, "policy: expected a fixed weight in [0, 1], got ", law.a);
      break;
  }
  check(law.least >= 0.0 && law.least <= law.most && law.most <= 1.0,
        "policy: expected clamp=(least, most) with 0 <= least <= most <= 1, got (", law.least, ", ", law.most, ")");
}

double draw_weight(const WeightLaw& law, RandomStream& draws) {
  double weight = draw_law(law, draws);
  if (law.fold == Fold::kMax) weight = std::max(weight, 1.0 - weight);
  if (law.fold == Fold::kMin) weight = std::min(weight, 1.0 - weight);
  return std::clamp(weight, law.least, law.most);
}

}  // namespace fastmix
