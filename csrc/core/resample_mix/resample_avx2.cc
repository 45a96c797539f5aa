#define FM_ISA avx2
#define FM_ROWS 8
#include "resample_mix/resample_kernels_inl.h"

namespace fastmix {

const ResampleKernels& avx2_resample_kernels() {
  static constexpr ResampleKernels kKernels = avx2::make_resample_kernels();
  return kKernels;
}

}  // namespace fastmix
