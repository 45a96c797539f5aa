// Mixes up to kMaxWays samples. Every output is a weighted sum of whole samples, written to new memory.
#pragma once

#include <cstdint>
#include <memory>

#include "base/dtype.h"
#include "base/job.h"
#include "plan/multiway.h"

namespace fastmix {

struct CombineParams {
  const void* const* in = nullptr;  // host array with one pointer per source sample
  int32_t sources = 0;
  void* out = nullptr;  // terms.outputs() samples, densely packed
  DType dtype = DType::kF32;
  int64_t elements = 0;  // number of elements per sample
  Terms terms;
};

std::unique_ptr<CpuJob> combine_cpu(const CombineParams& params);
// Launches one kernel on `stream` without synchronising. The kernel's parameters hold up to about 1,500 terms; longer
// lists of terms are copied to device memory first.
void combine_cuda(const CombineParams& params, CudaStream stream);

}  // namespace fastmix
