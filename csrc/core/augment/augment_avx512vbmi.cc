#define FM_ISA avx512vbmi
#include "augment/augment_kernels_inl.h"

namespace fastmix {

const AugmentKernels& avx512vbmi_augment_kernels() {
  static constexpr AugmentKernels kKernels = avx512vbmi::make_augment_kernels();
  return kKernels;
}

}  // namespace fastmix
