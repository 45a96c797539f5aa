// How work is started: a CPU job that its caller's threads share, or a launch on a CUDA stream.
#pragma once

#include <cstdint>

struct CUstream_st;

namespace fastmix {

using CudaStream = CUstream_st*;

// A CPU job is cut into `tasks` that may run in any order on any threads: the caller owns the threads.
class CpuJob {
 public:
  virtual ~CpuJob() = default;
  virtual int64_t tasks() const = 0;
  virtual void run(int64_t begin, int64_t end) const = 0;
};

}  // namespace fastmix
