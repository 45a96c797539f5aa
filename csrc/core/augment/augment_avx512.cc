#define FM_ISA avx512
#include "augment/augment_kernels_inl.h"

namespace fastmix {

const AugmentKernels& avx512_augment_kernels() {
  static constexpr AugmentKernels kKernels = avx512::make_augment_kernels();
  return kKernels;
}

}  // namespace fastmix
