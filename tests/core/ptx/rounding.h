// The roundings of PTX that C++ has no operator for. They use neither the processor's rounding mode nor its extensions.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace fastmix::ptx {

enum class Direction { kDown, kUp, kTowardZero };

// NaN is one value in the arithmetic of GPUs.
inline float canonical(float value) {
  if (value == value) return value;
  const uint32_t bits = 0x7fffffffu;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}
inline double canonical(double value) { return value; }

// a * b + c in float64, where a * b is exact. A sum that float64 cannot hold becomes its neighbour with an odd last
// bit ("round to odd"): every further rounding to a format of at most 51 bits then gives what rounding once gives.
inline double fused_to_odd(double a, double b, double c) {
  const double product = a * b, sum = product + c;
  if (!std::isfinite(sum)) return sum;
  const double added = sum - product;
  const double lost = (product - (sum - added)) + (c - added);  // the exact error of the sum
  uint64_t bits;
  std::memcpy(&bits, &sum, sizeof(bits));
  if (lost == 0.0 || (bits & 1) != 0) return sum;
  bits = (lost > 0.0) == (sum > 0.0) ? bits + 1 : bits - 1;
  double odd;
  std::memcpy(&odd, &bits, sizeof(odd));
  return odd;
}

inline float narrowed(double value, Direction direction) {
  const auto nearest = static_cast<float>(value);
  const bool beyond = direction == Direction::kDown ? nearest > value
                      : direction == Direction::kUp ? nearest < value
                                                    : std::fabs(nearest) > std::fabs(value);
  if (!beyond) return nearest;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float toward = direction == Direction::kDown ? -kInfinity : direction == Direction::kUp ? kInfinity : 0.0f;
  return std::nextafter(nearest, toward);
}

template <Direction kDirection>
float fused(float a, float b, float c) {
  const double exact = fused_to_odd(a, b, c);
  // Of a product and a sum that cancel, only rounding down makes -0.
  const double product = static_cast<double>(a) * b;
  if (kDirection == Direction::kDown && exact == 0.0 && std::signbit(product) != std::signbit(c)) return -0.0f;
  return canonical(narrowed(exact, kDirection));
}

// The 16-bit formats, by the bits of their mantissa and exponent.
template <int kMantissa, int kExponentBits>
struct Narrow {
  static constexpr int kBias = (1 << (kExponentBits - 1)) - 1;
  static constexpr uint16_t kInfinity = ((1 << kExponentBits) - 1) << kMantissa;

  // Rounded to nearest, ties to even. In units of the last place the bits of a positive number count upwards, so that
  // a mantissa that rounds up to 2 carries into the exponent, and the largest number into infinity.
  static uint16_t from(double value) {
    if (value != value) return 0x7fff;
    const auto sign = static_cast<uint16_t>(std::signbit(value) ? 0x8000 : 0);
    const double magnitude = std::fabs(value);
    if (magnitude == 0.0) return sign;
    if (magnitude >= std::ldexp(1.0, kBias + 1)) return static_cast<uint16_t>(sign | kInfinity);
    int exponent = 0;
    std::frexp(magnitude, &exponent);
    const int binade = exponent - 1 > 1 - kBias ? exponent - 1 : 1 - kBias;
    const auto units = static_cast<int>(std::nearbyint(std::ldexp(magnitude, kMantissa - binade)));
    return static_cast<uint16_t>(sign | (((binade + kBias - 1) << kMantissa) + units));
  }

  static double to(uint16_t bits) {
    const int exponent = (bits & 0x7fff) >> kMantissa, mantissa = bits & ((1 << kMantissa) - 1);
    const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
    if ((bits & kInfinity) == kInfinity) return mantissa != 0 ? std::nan("") : sign * HUGE_VAL;
    if (exponent == 0) return sign * std::ldexp(mantissa, 1 - kBias - kMantissa);
    return sign * std::ldexp((1 << kMantissa) + mantissa, exponent - kBias - kMantissa);
  }
};
using Float16 = Narrow<10, 5>;
using BrainFloat16 = Narrow<7, 8>;

}  // namespace fastmix::ptx
