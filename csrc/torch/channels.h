// Mean and standard deviation as the operators take them: one value per channel.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "error.h"

namespace fastmix {

// In float32, as every face of fastmix hands them to set_normalization. Refuses a wrong number of values, values that
// are not finite, and with `positive` those not above 0.
inline std::vector<float> per_channel(const char* op, const char* name, const std::vector<double>& values,
                                      int64_t channels, bool positive) {
  check(static_cast<int64_t>(values.size()) == channels, op, ": expected ", name, " with one value per channel (",
        channels, "), got ", values.size());
  std::vector<float> rounded(values.begin(), values.end());
  for (const float value : rounded) {
    check(std::isfinite(value) && (!positive || value > 0.0f), op, ": expected ", name,
          positive ? " > 0 and finite, got " : " finite, got ", value);
  }
  return rounded;
}

}  // namespace fastmix
