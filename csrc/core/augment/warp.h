// Turns the parameters of geometric operations and of the blur into matrices and weights, as Pillow does.
#pragma once

#include <cstdint>

#include "augment/pixel_math.h"
#include "augment/sample_plan.h"

namespace fastmix {

// The longest side of an image. Up to this size, source coordinates fit Pillow's 16.16 fixed point.
constexpr int64_t kMostSide = 16383;

// Output pixel (x, y) reads the source at column m[0] * (x + 0.5) + m[1] * (y + 0.5) + m[2] and at row m[3] * (x + 0.5)
// + m[4] * (y + 0.5) + m[5]. Source pixel i covers [i, i + 1).
struct Matrix {
  double m[6];
};

// The matrix in Pillow's 16.16 fixed point, for the nearest filter. Output pixel (x, y) reads source column (m[0] * x +
// m[1] * y + m[2]) >> 16 and source row (m[3] * x + m[4] * y + m[5]) >> 16.
struct FixedMatrix {
  int32_t m[6];
};
FixedMatrix fixed_matrix(const Matrix& matrix);

// A rotation: quarter turns, which move whole pixels, or a matrix.
struct Rotation {
  int32_t quarters = -1;  // quarter turns counter-clockwise; -1: use the matrix
  Matrix matrix = {};
};
Rotation rotation_of(float degrees, int64_t height, int64_t width);

// Whether the operation is a translation by whole pixels, which needs no interpolation. With the nearest filter every
// translation is one, because the filter rounds the distance (half up).
bool is_whole_translation(const SampleOperation& operation);

// The box filter that Pillow's GaussianBlur applies three times along each axis; `sigma` is the standard deviation.
BoxWeights box_weights(float sigma);

}  // namespace fastmix
