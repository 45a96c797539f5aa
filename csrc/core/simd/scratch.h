// Reused float32 memory of the CPU jobs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace fastmix {

// Floats aligned for the widest vectors, initially zero. Growing discards the contents and clears the memory.
class Scratch {
 public:
  Scratch() = default;
  ~Scratch() { std::free(data_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  float* get(size_t count) {
    if (count > size_) {
      std::free(data_);
      size_ = (count + 15) / 16 * 16;
      data_ = static_cast<float*>(std::aligned_alloc(64, size_ * sizeof(float)));
      if (data_ == nullptr) {
        size_ = 0;
        throw std::bad_alloc();
      }
      std::fill_n(data_, size_, 0.0f);
    }
    return data_;
  }

  void swap(Scratch& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

 private:
  float* data_ = nullptr;
  size_t size_ = 0;
};

// Returns scratch memory for `count` bytes.
inline uint8_t* bytes_of(Scratch& scratch, int64_t count) {
  return reinterpret_cast<uint8_t*>(scratch.get(static_cast<size_t>(count + 3) / sizeof(float)));
}

}  // namespace fastmix
