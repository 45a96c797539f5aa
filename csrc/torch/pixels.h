// What the operators from uint8 pixels to a normalised batch have in common: checks, normalisation and the output.
#pragma once

#include <cstdint>
#include <vector>

#include "normalize_mix/normalize_mix.h"
#include "stable.h"

namespace fastmix {

// Refuse what is not uint8 (B, H, W, C), a number of channels the kernels lack, and what they cannot write.
void check_pixels(const char* op, const Tensor& images);
void check_channels(const char* op, int64_t channels);
void check_output(const char* op, ScalarType dtype);

// Mean and standard deviation of one pipeline: one value per channel, in float32 as every face of fastmix hands them to
// set_normalization.
struct Normalization {
  std::vector<float> mean, std;
};
// Refuses a wrong number of values, values that are not finite, and std not above 0.
Normalization normalization_of(const char* op, const std::vector<double>& mean, const std::vector<double>& std,
                               int64_t channels);

// All but plan, mirror and the pointers, for checked `images` and `dtype`.
NormalizeMixParams normalize_params(const char* op, const Tensor& images, const Normalization& normalization,
                                    ScalarType dtype, bool channels_last);

// (batch, channels, height, width), its memory channels first or last.
Tensor empty_batch(int64_t batch, int64_t channels, int64_t height, int64_t width, ScalarType dtype,
                   const Tensor& images, bool channels_last);

}  // namespace fastmix
