#define FM_ISA baseline
#include "augment/augment_kernels_inl.h"

namespace fastmix {

const AugmentKernels& baseline_augment_kernels() {
  static constexpr AugmentKernels kKernels = baseline::make_augment_kernels();
  return kKernels;
}

}  // namespace fastmix
