#define FM_ISA avx512
#define FM_ROWS 16
#include "resample_mix/resample_kernels_inl.h"

namespace fastmix {

const ResampleKernels& avx512_resample_kernels() {
  static constexpr ResampleKernels kKernels = avx512::make_resample_kernels();
  return kKernels;
}

}  // namespace fastmix
