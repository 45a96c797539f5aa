#include "plan/draw_key.h"

#include "base/error.h"

namespace fastmix {

SampleKey sample_key(const char* caller, uint64_t seed, std::span<const int64_t> row) {
  check(row.size() >= 2 && row.size() <= 4, caller,
        ": expected a key of 2 to 4 numbers (epoch, sample, occurrence, view), got ", row.size(), " numbers");
  const auto at = [&](size_t i, const char* part, int64_t most) {
    const int64_t value = i < row.size() ? row[i] : 0;
    check(value >= 0 && value <= most, caller, ": expected a key with ", part, " in [0, ", most, "], got ", value);
    return static_cast<uint64_t>(value);
  };
  return {seed, static_cast<uint32_t>(at(0, "epoch", UINT32_MAX)), at(1, "sample", INT64_MAX),
          static_cast<uint32_t>(at(2, "occurrence", UINT32_MAX)), static_cast<uint32_t>(at(3, "view", UINT32_MAX))};
}

void check_batch(int32_t batch, const DrawKey& key) {
  // int32 must be able to index 4 * batch numbers, such as the edges of all boxes.
  constexpr int32_t kMaxBatch = INT32_MAX / 4;
  check(batch >= 0 && batch <= kMaxBatch, "policy: expected batch_size in [0, ", kMaxBatch, "], got ", batch);
  check(key.offset <= UINT32_MAX - static_cast<uint32_t>(batch),
        "policy: expected offset + batch_size below 2^32, got ", key.offset, " + ", batch);
}

}  // namespace fastmix
