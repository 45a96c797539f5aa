// The keys of random draws, for batches and for samples, and the random streams that belong to them.
#pragma once

#include <cstdint>
#include <span>

#include "random/random.h"

namespace fastmix {

// `offset` is the place of sample 0 in the global batch. Ranks that pass `rank` 0 and their own `offset` draw slices of
// one global plan. Ranks that pass their own `rank` draw independent plans.
struct DrawKey {
  uint64_t seed = 0;
  uint32_t epoch = 0;
  uint64_t step = 0;
  uint32_t rank = 0;
  uint32_t offset = 0;
};

// The key of one sample. Draws with this key do not depend on the sample's batch or rank.
struct SampleKey {
  uint64_t seed = 0;
  uint32_t epoch = 0;
  uint64_t sample = 0;      // the sample's index in the data set
  uint32_t occurrence = 0;  // how many times the sample came before in this epoch
  uint32_t view = 0;        // index of the view, if several views of a sample are drawn
};

// Reads a row (epoch, sample), (epoch, sample, occurrence) or (epoch, sample, occurrence, view); missing parts are 0.
// Throws Error if the row has another length or a part is out of range. The message begins with `caller`.
SampleKey sample_key(const char* caller, uint64_t seed, std::span<const int64_t> row);

// Throws Error if the batch is too large for int32 indices, or if offset + batch exceeds uint32.
void check_batch(int32_t batch, const DrawKey& key);

// The random stream for one purpose. `unit` is the index of the batch, pair or sample that draws from it. `variant`
// gives several users of one purpose, such as the policies of a choice, a stream each.
inline RandomStream stream_of(const DrawKey& key, Purpose purpose, uint32_t unit, uint32_t variant = 0) {
  return RandomStream(key.seed, purpose, key.epoch, key.rank, key.step, unit, variant);
}

inline RandomStream stream_of(const SampleKey& key, Purpose purpose, uint32_t variant = 0) {
  return RandomStream(key.seed, purpose, key.epoch, key.view, key.sample, key.occurrence, variant);
}

}  // namespace fastmix
