#include "plan/draw_key.h"

#include "base/error.h"

namespace fastmix {

void check_batch(int32_t batch, const DrawKey& key) {
  constexpr int32_t kMaxBatch = INT32_MAX / 4;  // an int32 counts the four entries of a box, or kMaxWays partners
  check(batch >= 0 && batch <= kMaxBatch, "policy: expected batch_size in [0, ", kMaxBatch, "], got ", batch);
  check(key.offset <= UINT32_MAX - static_cast<uint32_t>(batch),
        "policy: expected offset + batch_size below 2^32, got ", key.offset, " + ", batch);
}

}  // namespace fastmix
