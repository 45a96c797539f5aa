#define FM_ISA baseline
#define FM_ROWS 8
#include "resample/fixed_kernels_inl.h"

namespace fastmix {

const FixedKernels& baseline_fixed_kernels() {
  static constexpr FixedKernels kKernels = baseline::make_fixed_kernels();
  return kKernels;
}

}  // namespace fastmix
