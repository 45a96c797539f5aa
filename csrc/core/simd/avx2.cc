#define FM_ISA avx2
#include "simd/kernels_inl.h"

namespace fastmix {

const CpuKernels& avx2_kernels() {
  static constexpr CpuKernels kKernels = avx2::make_kernels("avx2");
  return kKernels;
}

}  // namespace fastmix
