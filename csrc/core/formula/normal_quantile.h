// The quantile function of the standard normal distribution, with the same bits on every machine.
#pragma once

#include <cmath>

#include "formula/exact_math.h"

namespace fastmix {

// Needs 1e-10 < p < 1 - 1e-10. Relative error below 1e-6 (Wichura 1988, algorithm AS 241, PPND7).
inline double normal_quantile(double p) {
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
           (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0);
  }
  const double r = std::sqrt(-exact_log(q < 0.0 ? p : 1.0 - p)) - 1.6;
  const double x = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) /
                   ((0.12021132975 * r + 0.73700164250) * r + 1.0);
  return q < 0.0 ? -x : x;
}

}  // namespace fastmix
