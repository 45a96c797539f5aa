#define FM_ISA avx512
#define FM_ROWS 16
#include "resample/fixed_kernels_inl.h"

namespace fastmix {

const FixedKernels& avx512_fixed_kernels() {
  static constexpr FixedKernels kKernels = avx512::make_fixed_kernels();
  return kKernels;
}

}  // namespace fastmix
