// normalize_mix and resample_mix both turn uint8 pixels into a normalised batch. They use these functions to check
// arguments, to prepare the normalisation, and to allocate the result.
#pragma once

#include <cstdint>
#include <vector>

#include "normalize_mix/normalize_mix.h"
#include "stable.h"

namespace fastmix {

// Throws Error unless the images are uint8 (B, H, W, C).
void check_pixels(const char* op, const Tensor& images);
// Throws Error unless there are 1 to 4 channels.
void check_channels(const char* op, int64_t channels);
// Throws Error unless the output's dtype is float16, bfloat16 or float32.
void check_output(const char* op, ScalarType dtype);

// Mean and standard deviation, one value per channel: arguments of set_normalization().
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
