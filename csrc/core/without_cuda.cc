// Replaces the .cu files in a build without CUDA (-DFASTMIX_CUDA=OFF).
#include "augment/augment.h"
#include "base/error.h"
#include "labels/labels.h"
#include "mix/combine.h"
#include "mix/mix.h"
#include "normalize_mix/normalize_mix.h"
#include "resample/resample.h"
#include "resample_mix/erase.h"
#include "resample_mix/resample_mix.h"

namespace fastmix {

namespace {

[[noreturn]] void refuse(const char* function) {
  throw CudaError(concat(function,
                         ": this build of fastmix has no CUDA kernels; rebuild it without -DFASTMIX_CUDA=OFF, with "
                         "the system's nvcc or the one of 'pip install -r requirements/nvcc.txt'"));
}

}  // namespace

void augment_cuda(const AugmentParams&, const DeviceProgram&, void*, CudaStream) { refuse("augment"); }
void mix_cuda(const MixParams&, CudaStream) { refuse("mix"); }
void mix_backward_cuda(const MixParams&, CudaStream) { refuse("mix_backward"); }
void combine_cuda(const CombineParams&, CudaStream) { refuse("combine"); }
void normalize_mix_cuda(const NormalizeMixParams&, CudaStream) { refuse("normalize_mix"); }
void mix_labels_cuda(const MixLabelsParams&, CudaStream) { refuse("mix_labels"); }
void erase_cuda(const ResampleMixParams&, const uint8_t*, CudaStream) { refuse("erase"); }
void resample_cuda(const ResampleParams&, CudaStream) { refuse("resample"); }
void resample_mix_cuda(const ResampleMixParams&, CudaStream) { refuse("resample_mix"); }

}  // namespace fastmix
