// Runs a batch on the CPU or on the GPU. All parameters are set, except that the GPU's masks and label ids are still on
// the host.
#pragma once

#include "dali/pipeline/data/backend.h"
#include "dali/pipeline/workspace/workspace.h"
#include "labels/labels.h"
#include "mix/mix.h"
#include "normalize_mix/normalize_mix.h"
#include "resample_mix/resample_mix.h"

namespace fastmix {

// These run on DALI's threads and return when the batch is done.
void launch(const NormalizeMixParams& params, dali::Workspace& workspace, dali::CPUBackend);
void launch(const MixParams& params, dali::Workspace& workspace, dali::CPUBackend);
void launch(const ResampleMixParams& params, dali::Workspace& workspace, dali::CPUBackend);
void launch(const MixLabelsParams& params, dali::Workspace& workspace, dali::CPUBackend);

// On the workspace's stream, without waiting for it: one kernel each, up to four with a sample plan.
void launch(const NormalizeMixParams& params, dali::Workspace& workspace, dali::GPUBackend);
void launch(const MixParams& params, dali::Workspace& workspace, dali::GPUBackend);
void launch(const ResampleMixParams& params, dali::Workspace& workspace, dali::GPUBackend);
void launch(const MixLabelsParams& params, dali::Workspace& workspace, dali::GPUBackend);

}  // namespace fastmix
