#define FM_ISA avx512vbmi
#include "simd/kernels_inl.h"

namespace fastmix {

const CpuKernels& avx512vbmi_kernels() {
  static constexpr CpuKernels kKernels = avx512vbmi::make_kernels("avx512vbmi");
  return kKernels;
}

}  // namespace fastmix
