#define FM_ISA avx2
#include "augment/augment_kernels_inl.h"

namespace fastmix {

const AugmentKernels& avx2_augment_kernels() {
  static constexpr AugmentKernels kKernels = avx2::make_augment_kernels();
  return kKernels;
}

}  // namespace fastmix
