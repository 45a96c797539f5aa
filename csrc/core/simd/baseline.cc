#define FM_ISA baseline
#include "simd/kernels_inl.h"

namespace fastmix {

const CpuKernels& baseline_kernels() {
  static constexpr CpuKernels kKernels = baseline::make_kernels("baseline");
  return kKernels;
}

}  // namespace fastmix
