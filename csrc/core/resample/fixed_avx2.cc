#define FM_ISA avx2
#define FM_ROWS 8
#include "resample/fixed_kernels_inl.h"

namespace fastmix {

const FixedKernels& avx2_fixed_kernels() {
  static constexpr FixedKernels kKernels = avx2::make_fixed_kernels();
  return kKernels;
}

}  // namespace fastmix
