// Division by a divisor that the host knows before the launch. On a GPU it takes one multiplication and one shift.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "base/host_device.h"

namespace fastmix {

// For n < 2^31, floor(n / d) is (n * m) >> (31 + s), where s = ceil(log2 d) and m = ceil(2^(31 + s) / d) < 2^32.
// Example: d = 3 has s = 2 and m = 2863311531, so 5 / 3 is (5 * 2863311531) >> 33 = 1. The proof in three steps:
// 1. m * d = 2^(31 + s) + e with 0 <= e < d <= 2^s.
// 2. So n * m / 2^(31 + s) = n / d + r with r = n * e / (d * 2^(31 + s)). r < 1 / d, because n < 2^31 and e < 2^s.
// 3. n / d lies at least 1 / d below the next integer, so n / d + r has the same floor.
class Divisor {
 public:
  Divisor() = default;
  explicit Divisor(int32_t d) : divisor_(static_cast<uint32_t>(d)) {
    check(d >= 1 && d <= 1 << 30, "fastmix: expected frames, height, width and channels in [1, 2^30] on the GPU, got ",
          d, "; run the operator on the CPU");
    while ((uint64_t{1} << (shift_ - 31)) < divisor_) ++shift_;
    factor_ = static_cast<uint32_t>(((uint64_t{1} << shift_) + divisor_ - 1) / divisor_);
  }
  FM_HD uint64_t quotient(uint64_t n) const {
    if (n >> 31 != 0) return n / divisor_;
    return n * factor_ >> shift_;
  }
  FM_HD int32_t value() const { return static_cast<int32_t>(divisor_); }

 private:
  uint32_t divisor_ = 1, factor_ = uint32_t{1} << 31, shift_ = 31;
};

}  // namespace fastmix
