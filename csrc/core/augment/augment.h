// Augments a batch of uint8 images, every sample by its own operations: the parameters and the functions that the torch
// layer calls.
#pragma once

#include <cstdint>
#include <memory>

#include "augment/sample_plan.h"
#include "base/job.h"

namespace fastmix {

// Sample i is height x width pixels of three channels, interleaved or as planes, without gaps.
struct AugmentParams {
  const uint8_t* const* in = nullptr;  // host array of plan.batch pointers
  uint8_t* out = nullptr;              // sample i starts at out + i * out_stride; may be in[i]
  int64_t out_stride = 0;
  int64_t height = 0;
  int64_t width = 0;
  bool interleaved = false;
  SamplePlanView plan;
};

std::unique_ptr<CpuJob> augment_cpu(const AugmentParams& params);

// Refuses bad plans, plans for other images, and images that are too large. `op` names the caller in messages.
void validate(const char* op, const AugmentParams& params);

}  // namespace fastmix
