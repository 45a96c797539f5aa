// DALI's arguments are float32, a policy's are float64. Without this a plan drawn with 0.2f would differ in its last
// bits from the plan that Python draws with 0.2.
#pragma once

#include <charconv>

#include "base/error.h"

namespace fastmix {

// The float64 whose shortest decimal form is that of `value`: 0.2f gives 0.2.
inline double decimal(float value) {
  char text[32];
  const auto written = std::to_chars(text, text + sizeof(text), value);
  double result = 0.0;
  const auto read = std::from_chars(text, written.ptr, result);
  check(written.ec == std::errc() && read.ec == std::errc(), "expected a number, got ", value);
  return result;
}

}  // namespace fastmix
