#define FM_ISA avx512
#include "normalize_mix/normalize_kernels_inl.h"

namespace fastmix {

const NormalizeKernels& avx512_normalize_kernels() {
  static constexpr NormalizeKernels kKernels = avx512::make_normalize_kernels();
  return kKernels;
}

}  // namespace fastmix
