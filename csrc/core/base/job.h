// How callers start work: a CPU job for their own threads, or a launch on a CUDA stream.
#pragma once

#include <cstdint>

struct CUstream_st;

namespace fastmix {

using CudaStream = CUstream_st*;

// The caller owns the threads and may run the tasks in any order on any of them.
class CpuJob {
 public:
  virtual ~CpuJob() = default;
  virtual int64_t tasks() const = 0;
  virtual void run(int64_t begin, int64_t end) const = 0;
};

}  // namespace fastmix
