// log and exp, computed with +, -, * and / alone. So they give the same bits on every IEEE machine. libm's results
// differ by library and processor, but plans must be the same everywhere. The error is below 2 units in the last place.
#pragma once

#include <cmath>

namespace fastmix {

constexpr double kLn2High = 0x1.62e42fee00000p-1;  // has 32 significant bits, so k * kLn2High is exact for |k| < 2^21
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;

// Natural logarithm of a finite x > 0: log(m * 2^k) = k ln 2 + 2 atanh(s), where s = (m - 1) / (m + 1). Since |s| <=
// 0.172, the first omitted term of the series for atanh, s^22 / 23 relative to s, is below 1e-18.
inline double exact_log(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0.70710678118654752440) {
    m *= 2.0;
    --exponent;
  }
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  double series = 1.0 / 21.0;
  for (int denominator = 19; denominator >= 3; denominator -= 2) series = series * z + 1.0 / denominator;
  const double k = exponent;
  return k * kLn2High + (2.0 * s + (2.0 * s * z * series + k * kLn2Low));
}

// e^x for an x that is not NaN. Returns 0 below -745 and infinity above 709, near the limits of float64. Computes 2^k *
// e^r with |r| <= 0.347, so the first omitted term of the series, r^15 / 15!, is below 1e-19.
inline double exact_exp(double x) {
  if (x < -745.0) return 0.0;
  if (x > 709.0) return HUGE_VAL;
  const double k = std::floor(x * 1.44269504088896340736 + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double series = 1.0;
  for (int n = 14; n >= 1; --n) series = series * r / n + 1.0;
  return std::ldexp(series, static_cast<int>(k));
}

}  // namespace fastmix
