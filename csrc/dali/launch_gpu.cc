#include <optional>

#include "dali/kernels/dynamic_scratchpad.h"
#include "dali/pipeline/data/types.h"
#include "launch.h"

namespace fastmix {

using dali::CPUBackend;
using dali::GPUBackend;

void launch(const NormalizeMixParams& params, dali::Workspace& workspace, GPUBackend) {
  normalize_mix_cuda(params, workspace.stream());
}

void launch(const MixParams& params, dali::Workspace& workspace, GPUBackend) { mix_cuda(params, workspace.stream()); }

void launch(const ResampleMixParams& params, dali::Workspace& workspace, GPUBackend) {
  resample_mix_cuda(params, workspace.stream());
}

void launch(const MixLabelsParams& params, dali::Workspace& workspace, GPUBackend) {
  // The ids lie in pageable memory: the copy has read them before it returns. The device memory is given back
  // in the order of the stream, hence after the kernel.
  dali::kernels::DynamicScratchpad scratch(workspace.stream());
  int64_t* labels = scratch.AllocateGPU<int64_t>(params.plan.batch);
  // DALI's own copy: this library calls the CUDA runtime only through the core, so that it builds without it.
  dali::TypeTable::GetTypeInfo<int64_t>().Copy<GPUBackend, CPUBackend>(
      labels, std::nullopt, params.labels, std::nullopt, params.plan.batch, workspace.stream());
  MixLabelsParams on_device = params;
  on_device.labels = labels;
  mix_labels_cuda(on_device, workspace.stream());
}

}  // namespace fastmix
