// One thread's memory for augmenting images of one size.
#pragma once

#include <cstdint>
#include <utility>

#include "augment/tables.h"
#include "simd/scratch.h"

namespace fastmix {

// Two images of three planes of height * width bytes: `now` holds the pixels. An operation works in place in `now`, or
// reads `now`, writes `spare` and swaps the two.
class ImageBuffers {
 public:
  ImageBuffers(int64_t height, int64_t width) : height_(height), width_(width) {}

  int64_t height() const { return height_; }
  int64_t width() const { return width_; }
  int64_t pixels() const { return height_ * width_; }
  int64_t bytes() const { return kColors * pixels(); }

  // Starts with an image in the caller's memory.
  void start(uint8_t* planes) {
    now_ = planes;
    spare_ = bytes_of(spare_memory_, bytes());
  }

  uint8_t* now(int32_t channel = 0) const { return now_ + channel * pixels(); }
  uint8_t* spare(int32_t channel = 0) const { return spare_ + channel * pixels(); }
  void swap() { std::swap(now_, spare_); }
  // Call this when now() lies in this object's memory. Exchanges that memory for the caller's `memory`.
  void give_spare(Scratch& memory) { spare_memory_.swap(memory); }

  // Each of these functions returns different memory. The next call of the same function may discard the contents.
  uint8_t* rows(int64_t count) { return bytes_of(rows_memory_, count); }
  uint32_t* packed(int64_t count) { return reinterpret_cast<uint32_t*>(packed_memory_.get(count)); }
  uint32_t* packed_row(int64_t count) { return reinterpret_cast<uint32_t*>(row_memory_.get(count)); }
  uint8_t* kept() { return bytes_of(kept_memory_, bytes()); }
  float* sum() { return sum_memory_.get(bytes()); }

 private:
  const int64_t height_, width_;
  uint8_t* now_ = nullptr;
  uint8_t* spare_ = nullptr;
  Scratch spare_memory_, rows_memory_, packed_memory_, row_memory_, kept_memory_, sum_memory_;
};

}  // namespace fastmix
