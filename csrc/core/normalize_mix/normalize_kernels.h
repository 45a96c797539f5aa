// The inner loops of normalize_mix on the CPU, compiled once per instruction set from normalize_kernels_inl.h.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace fastmix {

struct NormalizeKernels {
  // out[k] = normalize_element(own[k], partner[k], weight, scale, bias) (formula/mix_math.h) for one channel, rounded
  // to `dtype`.
  void (*plane)(DType dtype, void* out, const uint8_t* own, const uint8_t* partner, float weight, float scale,
                float bias, int64_t n);
  // Like plane(), but for interleaved channels: element k uses scale[k] and bias[k].
  void (*interleaved)(DType dtype, void* out, const uint8_t* own, const uint8_t* partner, float weight,
                      const float* scale, const float* bias, int64_t n);
  // Like plane() and interleaved(), but the weight of element k is mask_weight(levels[k], inside, outside).
  void (*levels_plane)(DType dtype, void* out, const uint8_t* own, const uint8_t* partner, const uint8_t* levels,
                       float inside, float outside, float scale, float bias, int64_t n);
  void (*levels_interleaved)(DType dtype, void* out, const uint8_t* own, const uint8_t* partner, const uint8_t* levels,
                             float inside, float outside, const float* scale, const float* bias, int64_t n);
};

const NormalizeKernels& baseline_normalize_kernels();
#if defined(__x86_64__)
const NormalizeKernels& avx2_normalize_kernels();
const NormalizeKernels& avx512_normalize_kernels();
#endif

// The functions for the instruction set that cpu_kernels() chose.
const NormalizeKernels& normalize_kernels();

}  // namespace fastmix
