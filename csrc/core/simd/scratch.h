// Reused float32 memory of the CPU jobs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace fastmix {

// Floats aligned for the widest vectors, initially zero. Growing discards the contents.
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

 private:
  float* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace fastmix
