// The draw key of a batch, and the random streams of a key.
#pragma once

#include <cstdint>

#include "random/random.h"

namespace fastmix {

// `offset` is the place of sample 0 in the global batch. Ranks that pass their offset and rank 0 draw slices of one
// global plan. Ranks that pass their rank draw independent plans.
struct DrawKey {
  uint64_t seed = 0;
  uint32_t epoch = 0;
  uint64_t step = 0;
  uint32_t rank = 0;
  uint32_t offset = 0;
};

// Refuses a batch whose plan has no int32 indices, and an offset whose samples have no uint32 place.
void check_batch(int32_t batch, const DrawKey& key);

// The stream of one purpose. `unit` is the batch, pair or sample; RandomStream explains `variant`.
inline RandomStream stream_of(const DrawKey& key, Purpose purpose, uint32_t unit, uint32_t variant = 0) {
  return RandomStream(key.seed, purpose, key.epoch, key.rank, key.step, unit, variant);
}

}  // namespace fastmix
