// Lowers geometric operations and the blur on the host, as Pillow and its callers do.
#pragma once

#include <cstdint>

#include "augment/pixel_math.h"
#include "augment/sample_plan.h"

namespace fastmix {

// Images with longer sides are refused: source coordinates fit Pillow's 16.16 fixed point.
constexpr int64_t kMostSide = 16383;

// The source of output pixel (x, y) is (m[0] * (x + 0.5) + m[1] * (y + 0.5) + m[2], m[3] ... m[5] likewise), with pixel
// i covering [i, i + 1).
struct Matrix {
  double m[6];
};

// Pillow's 16.16 coordinates for nearest: source pixel (x0 + dx * x + ...) >> 16.
struct FixedMatrix {
  int32_t m[6];
};
FixedMatrix fixed_matrix(const Matrix& matrix);

// A rotation: by a number of quarter turns, which move whole pixels, else by a matrix.
struct Rotation {
  int32_t quarters = -1;  // counter-clockwise; -1: use the matrix
  Matrix matrix = {};
};
Rotation rotation_of(float degrees, int64_t height, int64_t width);

// Whether a translation moves whole pixels, rounded half up, and so needs no interpolation.
bool is_whole_translation(const SampleOperation& operation);

// One of the three passes of Pillow's GaussianBlur along an axis.
BoxWeights box_weights(float sigma);

}  // namespace fastmix
