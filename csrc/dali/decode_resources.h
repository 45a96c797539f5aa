// What nvImageCodec's decoder for the GPU works with: DALI's threads and DALI's memory.
#pragma once

#include <nvimgcodec.h>

#include <functional>
#include <vector>

#include "dali/core/mm/memory.h"
#include "dali/pipeline/util/thread_pool.h"

namespace fastmix {

// Runs nvImageCodec's tasks in a pool, in the order in which they were scheduled.
class PoolExecutor {
 public:
  explicit PoolExecutor(dali::ThreadPool& threads);
  PoolExecutor(const PoolExecutor&) = delete;
  PoolExecutor& operator=(const PoolExecutor&) = delete;

  nvimgcodecExecutorDesc_t* description() { return &description_; }

 private:
  void run();

  dali::ThreadPool& threads_;
  std::vector<std::function<void(int)>> scheduled_;
  nvimgcodecExecutorDesc_t description_;
};

// Memory of DALI's pools, in the order of a stream.
class DaliMemory {
 public:
  DaliMemory();

  nvimgcodecDeviceAllocator_t* device() { return &device_; }
  nvimgcodecPinnedAllocator_t* pinned() { return &pinned_; }

 private:
  nvimgcodecDeviceAllocator_t device_;
  nvimgcodecPinnedAllocator_t pinned_;
};

}  // namespace fastmix
