#define FM_ISA baseline
#define FM_ROWS 8
#include "resample_mix/resample_kernels_inl.h"

namespace fastmix {

const ResampleKernels& baseline_resample_kernels() {
  static constexpr ResampleKernels kKernels = baseline::make_resample_kernels();
  return kKernels;
}

}  // namespace fastmix
