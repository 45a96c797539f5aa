// Some operators turn uint8 pixels into a normalised batch (normalize_mix, resample_mix). They share these checks, the
// normalisation and the output tensor.
#pragma once

#include <cstdint>
#include <vector>

#include "normalize_mix/normalize_mix.h"
#include "stable.h"

namespace fastmix {

// These functions throw Error for images other than uint8 (B, H, W, C), for channels outside 1 to 4, and for output
// dtypes other than float16, bfloat16 and float32.
void check_pixels(const char* op, const Tensor& images);
void check_channels(const char* op, int64_t channels);
void check_output(const char* op, ScalarType dtype);

// Mean and standard deviation as set_normalization takes them: one float32 value per channel.
struct Normalization {
  std::vector<float> mean, std;
};
// Throws Error for a wrong number of values, values that are not finite, and std <= 0.
Normalization normalization_of(const char* op, const std::vector<double>& mean, const std::vector<double>& std,
                               int64_t channels);

// Sets all parameters except the plan, mirror and pointers. Call check_pixels and check_output first.
NormalizeMixParams normalize_params(const char* op, const Tensor& images, const Normalization& normalization,
                                    ScalarType dtype, bool channels_last);

// Returns a new tensor (batch, channels, height, width) on the device of `images`, contiguous or channels_last.
Tensor empty_batch(int64_t batch, int64_t channels, int64_t height, int64_t width, ScalarType dtype,
                   const Tensor& images, bool channels_last);

}  // namespace fastmix
