#define FM_ISA avx2
#include "normalize_mix/normalize_kernels_inl.h"

namespace fastmix {

const NormalizeKernels& avx2_normalize_kernels() {
  static constexpr NormalizeKernels kKernels = avx2::make_normalize_kernels();
  return kKernels;
}

}  // namespace fastmix
