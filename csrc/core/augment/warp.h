// Turns the parameters of geometric operations and of the blur into matrices and weights, as Pillow does.
#pragma once

#include <cstdint>

#include "augment/pixel_math.h"
#include "augment/sample_plan.h"

namespace fastmix {

// Images with longer sides are refused: source coordinates fit Pillow's 16.16 fixed point.
constexpr int64_t kMostSide = 16383;

// Output pixel (x, y) reads the source at column m[0] * (x + 0.5) + m[1] * (y + 0.5) + m[2], and at the row that m[3],
// m[4] and m[5] give likewise. Pixel i covers [i, i + 1).
struct Matrix {
  double m[6];
};

// The matrix in Pillow's 16.16 fixed point, for the nearest filter: output pixel (x, y) reads source column
// (m[0] * x + m[1] * y + m[2]) >> 16, and its row likewise.
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

// Whether a translation moves whole pixels, rounded half up, and so needs no interpolation.
bool is_whole_translation(const SampleOperation& operation);

// One of the three passes of Pillow's GaussianBlur along an axis.
BoxWeights box_weights(float sigma);

}  // namespace fastmix
