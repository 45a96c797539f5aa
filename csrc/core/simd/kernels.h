// The inner loops of the CPU jobs, compiled once per instruction set from kernels_inl.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/dtype.h"

namespace fastmix {

constexpr int64_t kLineBytes = 64;  // size of a cache line

// A batch of at least this size would leave the caches before its consumer reads it, so jobs write it past the caches.
constexpr int64_t kStreamBytes = int64_t{4} << 20;

struct CpuKernels {
  const char* name;

  // out[k] = mix_element(own[k], partner[k], weight) for n elements. `out` may be `own`.
  void (*mix)(DType dtype, void* out, const void* own, const void* partner, float weight, int64_t n);

  // Like mix(), but element k has the weight mask_weight(levels[k], inside, outside) (formula/mix_math.h).
  void (*mix_levels)(DType dtype, void* out, const void* own, const void* partner, const uint8_t* levels, float inside,
                     float outside, int64_t n);

  // acc[k] += weight * x[k], in float64.
  void (*accumulate)(DType dtype, double* acc, const void* x, double weight, int64_t n);
  // Like accumulate(), but element k has the weight w = mask_weight(levels[k], inside, outside) or, with `as_partner`,
  // 1 - w. Skips elements of weight 0.
  void (*accumulate_levels)(DType dtype, double* acc, const void* x, const uint8_t* levels, float inside, float outside,
                            bool as_partner, int64_t n);
  // out[k] = acc[k], rounded once to `dtype`.
  void (*store)(DType dtype, void* out, const double* acc, int64_t n);

  // Copies a row of interleaved (HWC) pixels. With `planar`, the output is `channels` planes of `width` bytes, else it
  // is interleaved too. With `mirror`, the order of pixels is reversed.
  void (*unpack)(uint8_t* out, const uint8_t* row, int64_t width, int32_t channels, bool planar, bool mirror);

  // Like memcpy, but writes past the caches. Call order_streams() before a write that tells other threads that the copy
  // is complete.
  void (*stream)(void* to, const void* from, int64_t bytes);
  void (*order_streams)();
};

const CpuKernels& baseline_kernels();
#if defined(__x86_64__)
const CpuKernels& avx2_kernels();
const CpuKernels& avx512_kernels();
const CpuKernels& avx512vbmi_kernels();
#endif

// The kernels for the widest vectors that this processor has. The environment variable
// FASTMIX_CPU=baseline|avx2|avx512|avx512vbmi selects other ones, for tests.
const CpuKernels& cpu_kernels();

// An operator has one table of inner loops per instruction set. Returns the table for the instruction set of
// cpu_kernels(). Both AVX-512 sets share one table.
template <typename Kernels>
const Kernels& matching_kernels(const Kernels& (*baseline)(), const Kernels& (*avx2)(), const Kernels& (*avx512)()) {
  const std::string_view name = cpu_kernels().name;
  return name == "baseline" ? baseline() : name == "avx2" ? avx2() : avx512();
}

}  // namespace fastmix
