// The kernels for plans with masks, which are apart so that the others pay nothing for them.
#pragma once

#include "../mix.h"

namespace fastmix {

void mix_masked_cuda(const MixParams& params, CudaStream stream);
void mix_backward_masked_cuda(const MixParams& params, CudaStream stream);

void normalize_mix_masked_cuda(const NormalizeMixParams& params, CudaStream stream);

}  // namespace fastmix
