#define FM_ISA baseline
#include "normalize_mix/normalize_kernels_inl.h"

namespace fastmix {

const NormalizeKernels& baseline_normalize_kernels() {
  static constexpr NormalizeKernels kKernels = baseline::make_normalize_kernels();
  return kKernels;
}

}  // namespace fastmix
