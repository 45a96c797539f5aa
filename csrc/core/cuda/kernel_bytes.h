// Arrays that a kernel reads, packed into one block of bytes. The block is a parameter of the kernel, or lies in device
// memory if it is too large for a parameter.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "cuda/kernel_plan_launch.h"
#include "cuda/launch.h"

namespace fastmix {

template <int kCapacity>
struct InlineBytes {
  alignas(16) unsigned char data[kCapacity];
  __device__ __forceinline__ const unsigned char* get() const { return data; }
};
struct UploadedBytes {
  const unsigned char* data;
  __device__ __forceinline__ const unsigned char* get() const { return data; }
};

class KernelBytes {
 public:
  // Appends an array and returns its offset, a multiple of 16.
  template <typename T>
  uint32_t append(const std::vector<T>& values) {
    const size_t offset = (bytes_.size() + 15) / 16 * 16, count = values.size() * sizeof(T);
    bytes_.resize(offset + count);
    if (count > 0) std::memcpy(bytes_.data() + offset, static_cast<const void*>(values.data()), count);
    return static_cast<uint32_t>(offset);
  }
  const std::vector<unsigned char>& all() const { return bytes_; }

 private:
  std::vector<unsigned char> bytes_;
};

// Calls launch() with InlineBytes if there are at most kInlineBytes, else with UploadedBytes. Args is the type of the
// kernel's other parameter. Together, both parameters may take 32,764 bytes.
template <typename Args, typename Launch>
void with_kernel_bytes(const KernelBytes& bytes, CudaStream stream, const Launch& launch) {
  constexpr int kInlineBytes = 32512;
  static_assert(kInlineBytes + sizeof(Args) <= 32764);
  if (bytes.all().size() <= kInlineBytes) {
    InlineBytes<kInlineBytes> taken = {};
    std::memcpy(taken.data, bytes.all().data(), bytes.all().size());
    return launch(taken);
  }
  const StreamMemory memory(bytes.all(), stream);
  launch(UploadedBytes{memory.data()});
}

}  // namespace fastmix
