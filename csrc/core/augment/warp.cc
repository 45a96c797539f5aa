#include "augment/warp.h"

#include <charconv>
#include <cmath>

namespace fastmix {

namespace {

// Python's round(x, 15): rounds the exact value to 15 decimals, half to even.
double round_to_15_decimals(double x) {
  char text[32];
  const std::to_chars_result written = std::to_chars(text, text + sizeof(text), x, std::chars_format::fixed, 15);
  double rounded = 0.0;
  std::from_chars(text, written.ptr, rounded);
  return rounded;
}

int32_t to_fixed(double x) { return static_cast<int32_t>(std::floor(x * 65536.0 + 0.5)); }

}  // namespace

FixedMatrix fixed_matrix(const Matrix& matrix) {
  const double* m = matrix.m;
  return {{to_fixed(m[0]), to_fixed(m[1]), to_fixed(m[2] + m[0] * 0.5 + m[1] * 0.5), to_fixed(m[3]), to_fixed(m[4]),
           to_fixed(m[5] + m[3] * 0.5 + m[4] * 0.5)}};
}

Rotation rotation_of(float degrees, int64_t height, int64_t width) {
  double turn = std::fmod(static_cast<double>(degrees), 360.0);
  if (turn < 0.0) turn += 360.0;
  Rotation rotation;
  const bool square = height == width;
  if (turn == 0.0 || turn == 180.0 || (square && (turn == 90.0 || turn == 270.0))) {
    rotation.quarters = static_cast<int32_t>(turn / 90.0);
    return rotation;
  }
  constexpr double kRadians = 3.14159265358979323846 / 180.0;
  const double angle = -(turn * kRadians);
  const double a = round_to_15_decimals(std::cos(angle)), b = round_to_15_decimals(std::sin(angle));
  const double d = round_to_15_decimals(-std::sin(angle));
  const double x = static_cast<double>(width) / 2.0, y = static_cast<double>(height) / 2.0;
  rotation.matrix = {{a, b, a * -x + b * -y + 0.0 + x, d, a, d * -x + a * -y + 0.0 + y}};
  return rotation;
}

bool is_whole_translation(const SampleOperation& operation) {
  const Opcode opcode = operation.opcode();
  const float amount = operation.value(0);
  return (opcode == Opcode::kTranslateX || opcode == Opcode::kTranslateY) &&
         (operation.filter() == WarpFilter::kNearest || amount == std::floor(amount));
}

BoxWeights box_weights(float sigma) {
  constexpr float kPasses = 3.0f;
  const float variance = sigma * sigma / kPasses;
  const float length = static_cast<float>(std::sqrt(12.0 * static_cast<double>(variance) + 1.0));
  const float whole = static_cast<float>(std::floor((static_cast<double>(length) - 1.0) / 2.0));
  float part = (2.0f * whole + 1.0f) * (whole * (whole + 1.0f) - 3.0f * variance);
  part /= 6.0f * (variance - (whole + 1.0f) * (whole + 1.0f));
  const float radius = whole + part;
  BoxWeights box;
  box.radius = static_cast<int32_t>(radius);
  box.inner = static_cast<uint32_t>(static_cast<float>(1u << 24) / (radius * 2.0f + 1.0f));
  box.edge = ((1u << 24) - (2u * static_cast<uint32_t>(box.radius) + 1u) * box.inner) / 2u;
  return box;
}

}  // namespace fastmix
