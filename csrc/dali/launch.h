// The steps of a batch that differ by backend. The parameters are complete, but for the GPU's masks and label ids,
// which are still on the host.
#pragma once

#include "dali/pipeline/data/backend.h"
#include "dali/pipeline/workspace/workspace.h"
#include "labels/labels.h"
#include "mix/mix.h"
#include "normalize_mix/normalize_mix.h"
#include "resample_mix/resample_mix.h"

namespace fastmix {

// On DALI's threads; done on return.
void launch(const NormalizeMixParams& params, dali::Workspace& workspace, dali::CPUBackend);
void launch(const MixParams& params, dali::Workspace& workspace, dali::CPUBackend);
void launch(const ResampleMixParams& params, dali::Workspace& workspace, dali::CPUBackend);
void launch(const MixLabelsParams& params, dali::Workspace& workspace, dali::CPUBackend);

// One kernel each, on the workspace's stream, without waiting for it.
void launch(const NormalizeMixParams& params, dali::Workspace& workspace, dali::GPUBackend);
void launch(const MixParams& params, dali::Workspace& workspace, dali::GPUBackend);
void launch(const ResampleMixParams& params, dali::Workspace& workspace, dali::GPUBackend);
void launch(const MixLabelsParams& params, dali::Workspace& workspace, dali::GPUBackend);

}  // namespace fastmix
