#include <optional>

#include "dali/kernels/dynamic_scratchpad.h"
#include "dali/pipeline/data/types.h"
#include "launch.h"

namespace fastmix {

using dali::CPUBackend;
using dali::GPUBackend;

namespace {

// Copies host memory, which is pageable: the copy has read it before it returns. The device memory is given back in the
// order of the stream, hence after the kernel. By DALI's own copy: this library calls the CUDA runtime only through the
// core, so that it builds without it.
template <typename T>
const T* on_device(dali::kernels::DynamicScratchpad& scratch, const T* from, int64_t count, cudaStream_t stream) {
  T* to = scratch.AllocateGPU<T>(count);
  dali::TypeTable::GetTypeInfo<T>().template Copy<GPUBackend, CPUBackend>(to, std::nullopt, from, std::nullopt, count,
                                                                          stream);
  return to;
}

void upload_masks(PlanView& plan, dali::kernels::DynamicScratchpad& scratch, cudaStream_t stream) {
  MaskArrays& mask = plan.mask;
  if (mask.count > 0) mask.levels = on_device(scratch, mask.levels, mask.count * mask.extent.pixels(), stream);
}

template <typename Params>
void launch_with_masks(Params params, dali::Workspace& workspace, void (*cuda)(const Params&, CudaStream)) {
  const cudaStream_t stream = workspace.stream();
  dali::kernels::DynamicScratchpad scratch(stream);
  upload_masks(params.plan, scratch, stream);
  cuda(params, stream);
}

}  // namespace

void launch(const NormalizeMixParams& params, dali::Workspace& workspace, GPUBackend) {
  launch_with_masks(params, workspace, normalize_mix_cuda);
}

void launch(const MixParams& params, dali::Workspace& workspace, GPUBackend) {
  launch_with_masks(params, workspace, mix_cuda);
}

void launch(const ResampleMixParams& params, dali::Workspace& workspace, GPUBackend) {
  if (!params.augments()) return launch_with_masks(params, workspace, resample_mix_cuda);
  const cudaStream_t stream = workspace.stream();
  dali::kernels::DynamicScratchpad scratch(stream);
  ResampleMixParams uploaded = params;
  upload_masks(uploaded.plan, scratch, stream);
  launch_augmented_mix(uploaded, [&](int64_t bytes) { return scratch.AllocateGPU<uint8_t>(bytes, 256); }, stream);
}

void launch(const MixLabelsParams& params, dali::Workspace& workspace, GPUBackend) {
  dali::kernels::DynamicScratchpad scratch(workspace.stream());
  MixLabelsParams with_labels = params;
  with_labels.labels = on_device(scratch, params.labels, params.plan.batch, workspace.stream());
  mix_labels_cuda(with_labels, workspace.stream());
}

}  // namespace fastmix
