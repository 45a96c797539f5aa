#include "decode_resources.h"

#include "nvimgcodec_library.h"

namespace fastmix {

namespace {

constexpr int kFailed = 1;
constexpr size_t kDeviceAlignment = 256, kHostAlignment = 64;

using Task = void (*)(int thread, int sample, void* context);

// nvImageCodec's C code is between here and whoever would catch an exception.
template <typename Kind, size_t alignment>
int allocate(void* context, void** memory, size_t bytes, cudaStream_t stream) {
  try {
    *memory = static_cast<dali::mm::async_memory_resource<Kind>*>(context)->allocate_async(bytes, alignment, stream);
    return 0;
  } catch (...) {
    *memory = nullptr;
    return kFailed;
  }
}

template <typename Kind, size_t alignment>
int release(void* context, void* memory, size_t bytes, cudaStream_t stream) {
  if (memory == nullptr) return 0;
  try {
    static_cast<dali::mm::async_memory_resource<Kind>*>(context)->deallocate_async(memory, bytes, alignment, stream);
    return 0;
  } catch (...) {
    return kFailed;
  }
}

}  // namespace

PoolExecutor::PoolExecutor(dali::ThreadPool& threads)
    : threads_(threads), description_(described<nvimgcodecExecutorDesc_t>(NVIMGCODEC_STRUCTURE_TYPE_EXECUTOR_DESC)) {
  description_.instance = this;
  description_.schedule = [](void* executor, int, int sample, void* context, Task task) {
    static_cast<PoolExecutor*>(executor)->scheduled_.emplace_back([=](int thread) { task(thread, sample, context); });
    return NVIMGCODEC_STATUS_SUCCESS;
  };
  description_.run = [](void* executor, int) {
    static_cast<PoolExecutor*>(executor)->run();
    return NVIMGCODEC_STATUS_SUCCESS;
  };
  description_.wait = [](void* executor, int) {
    static_cast<PoolExecutor*>(executor)->threads_.WaitForWork();
    return NVIMGCODEC_STATUS_SUCCESS;
  };
  description_.getNumThreads = [](void* executor) {
    return static_cast<PoolExecutor*>(executor)->threads_.NumThreads();
  };
}

void PoolExecutor::run() {
  for (size_t i = 0; i < scheduled_.size(); ++i) {
    threads_.AddWork(std::move(scheduled_[i]), -static_cast<int64_t>(i));
  }
  scheduled_.clear();
  threads_.RunAll(false);
}

DaliMemory::DaliMemory()
    : device_(described<nvimgcodecDeviceAllocator_t>(NVIMGCODEC_STRUCTURE_TYPE_DEVICE_ALLOCATOR)),
      pinned_(described<nvimgcodecPinnedAllocator_t>(NVIMGCODEC_STRUCTURE_TYPE_PINNED_ALLOCATOR)) {
  namespace memory_kind = dali::mm::memory_kind;
  device_.device_ctx = dali::mm::GetDefaultResource<memory_kind::device>();
  device_.device_malloc = allocate<memory_kind::device, kDeviceAlignment>;
  device_.device_free = release<memory_kind::device, kDeviceAlignment>;
  pinned_.pinned_ctx = dali::mm::GetDefaultResource<memory_kind::pinned>();
  pinned_.pinned_malloc = allocate<memory_kind::pinned, kHostAlignment>;
  pinned_.pinned_free = release<memory_kind::pinned, kHostAlignment>;
}

}  // namespace fastmix
