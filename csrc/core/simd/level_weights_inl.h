// Turns mask levels into weights.
#pragma once

#include "formula/mix_math.h"

namespace fastmix {
namespace FM_ISA {
namespace {

inline void weights_of(float* weights, const uint8_t* levels, float inside, float outside, int64_t n) {
  for (int64_t k = 0; k < n; ++k) weights[k] = mask_weight(levels[k], inside, outside);
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
