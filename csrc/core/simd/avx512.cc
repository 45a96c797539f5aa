#define FM_ISA avx512
#include "simd/kernels_inl.h"

namespace fastmix {

const CpuKernels& avx512_kernels() {
  static constexpr CpuKernels kKernels = avx512::make_kernels("avx512");
  return kKernels;
}

}  // namespace fastmix
