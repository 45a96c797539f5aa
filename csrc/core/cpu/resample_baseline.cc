#define FM_ISA baseline
#define FM_ROWS 8
#include "resample_kernels_inl.h"

namespace fastmix {

const ResampleKernels& baseline_resample_kernels() {
  static constexpr ResampleKernels kKernels = {baseline::kRows, &baseline::vertical, &baseline::horizontal,
                                               &baseline::write};
  return kKernels;
}

}  // namespace fastmix
