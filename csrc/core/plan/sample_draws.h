// Random numbers that depend on the sample key alone. fastmix.augment makes sample plans from them.
#pragma once

#include <cstdint>
#include <span>

#include "plan/draw_key.h"

namespace fastmix {

enum class SampleLaw : uint8_t { kUniform, kLogUniform, kNormal, kDirichlet };

struct SampleVariates {
  SampleLaw law = SampleLaw::kUniform;
  double a = 0.0, b = 1.0;  // uniform, log-uniform: the ends; normal: mean, deviation; Dirichlet: a is alpha, b unused
};

void validate(const SampleVariates& variates);
// Fills `to` with the first numbers of a stream. A key has one stream per `variant`. Dirichlet weights sum to 1. The
// numbers depend only on the arguments.
void draw_samples(const SampleVariates& variates, const SampleKey& key, uint32_t variant, std::span<double> to);

}  // namespace fastmix
