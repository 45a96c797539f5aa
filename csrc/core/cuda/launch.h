// Launches kernels and throws an exception if a launch fails, so that the caller can go on. A macro that aborts would
// end the training process. So might an error that CUDA keeps, because the next check of an unrelated call would report
// it. The tests compile the same sources with g++ and a host shim (tests/core/host_cuda.h).
#pragma once

#if defined(__CUDACC__)
#include <cuda_runtime.h>
#else
#include "host_cuda.h"
#endif

#include <cstdint>

#include "base/error.h"

namespace fastmix {

#if defined(__CUDACC__)
constexpr uint32_t kMaxGridY = 65535;
#else
constexpr uint32_t kMaxGridY = host_cuda::kMaxGridY;
#endif

// Throws CudaError on failure. cudaGetLastError clears the error, so the caller may continue with other work.
inline void check_cuda(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  cudaGetLastError();
  throw CudaError(
      concat("fastmix: CUDA refused ", what, ": ", cudaGetErrorString(status), " (", cudaGetErrorName(status), ")"));
}

}  // namespace fastmix

// FM_LAUNCH(what, kernel, grid, block, shared_bytes, stream, args...): `what` names the kernel in errors.
// FM_SHARED(type, name): the block's dynamic shared memory.
#if defined(__CUDACC__)
// cudaLaunchKernelEx returns the error of this launch. After <<<>>>, cudaGetLastError may return an earlier call's
// error.
#define FM_LAUNCH(what, kernel, grid, block, shared_bytes, stream, ...)                                       \
  do {                                                                                                        \
    cudaLaunchConfig_t config{};                                                                              \
    config.gridDim = grid;                                                                                    \
    config.blockDim = block;                                                                                  \
    config.dynamicSmemBytes = shared_bytes;                                                                   \
    config.stream = stream;                                                                                   \
    ::fastmix::check_cuda(cudaLaunchKernelEx(&config, kernel, __VA_ARGS__), "to launch the " what " kernel"); \
  } while (0)
#define FM_SHARED(type, name) extern __shared__ type name[]
#else
#define FM_LAUNCH(what, kernel, grid, block, shared_bytes, stream, ...)           \
  do {                                                                            \
    ::fastmix::host_cuda::launch(grid, block, shared_bytes, kernel, __VA_ARGS__); \
    (void)stream;                                                                 \
    ::fastmix::check_cuda(cudaGetLastError(), "to launch the " what " kernel");   \
  } while (0)
#define FM_SHARED(type, name) type* const name = static_cast<type*>(::fastmix::host_cuda::shared_memory())
#endif
