// Augments a batch of uint8 images, each sample with its own operations: the parameters and the functions that the
// torch layer calls.
#pragma once

#include <cstdint>
#include <memory>

#include "augment/sample_plan.h"
#include "base/job.h"

namespace fastmix {

// A sample is height x width pixels of three channels without gaps: interleaved (H, W, 3) or in planes (3, H, W).
struct AugmentParams {
  const uint8_t* in = nullptr;  // sample i starts at in + i * in_stride
  int64_t in_stride = 0;
  uint8_t* out = nullptr;  // may equal `in` if the strides are equal
  int64_t out_stride = 0;
  int64_t height = 0;
  int64_t width = 0;
  bool interleaved = false;
  SamplePlanView plan;
};

std::unique_ptr<CpuJob> augment_cpu(const AugmentParams& params);

// Launches one kernel on `stream` without synchronising. `program` is device_program(params). `scratch` is
// program.scratch_bytes of device memory, aligned to 16 bytes. After the call, it may be freed in stream order.
struct DeviceProgram;
void augment_cuda(const AugmentParams& params, const DeviceProgram& program, void* scratch, CudaStream stream);

// Throws Error if the plan is invalid, if it does not fit the images, or if the images are too large. `op` names the
// caller in messages.
void validate(const char* op, const AugmentParams& params);

}  // namespace fastmix
