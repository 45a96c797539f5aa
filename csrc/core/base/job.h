// How callers start work: a CPU job for their own threads, or a launch on a CUDA stream.
#pragma once

#include <cstdint>

struct CUstream_st;

namespace fastmix {

using CudaStream = CUstream_st*;

// Independent tasks 0 ... tasks() - 1. The caller may run them in any order, on any of its threads.
class CpuJob {
 public:
  virtual ~CpuJob() = default;
  virtual int64_t tasks() const = 0;
  virtual void run(int64_t begin, int64_t end) const = 0;
};

}  // namespace fastmix
