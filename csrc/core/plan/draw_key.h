// The keys that draws depend on, of a batch and of a sample, and the random streams of both.
#pragma once

#include <cstdint>
#include <span>

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

// Follows a sample through the epoch, whatever batch and rank it comes in.
struct SampleKey {
  uint64_t seed = 0;
  uint32_t epoch = 0;
  uint64_t sample = 0;      // the sample's index in the data set
  uint32_t occurrence = 0;  // how often the sample came before in this epoch
  uint32_t view = 0;        // index of the view, if a sample gives several
};

// Reads a row (epoch, sample), (epoch, sample, occurrence) or (epoch, sample, occurrence, view); missing parts are 0.
// Throws Error, which begins with `caller`, if the row has another length or a part is out of range.
SampleKey sample_key(const char* caller, uint64_t seed, std::span<const int64_t> row);

// Refuses a batch that is too large for int32 indices, and an offset with which a sample's place exceeds uint32.
void check_batch(int32_t batch, const DrawKey& key);

// The stream of one purpose. `unit` is the batch, pair or sample; RandomStream explains `variant`.
inline RandomStream stream_of(const DrawKey& key, Purpose purpose, uint32_t unit, uint32_t variant = 0) {
  return RandomStream(key.seed, purpose, key.epoch, key.rank, key.step, unit, variant);
}

inline RandomStream stream_of(const SampleKey& key, Purpose purpose, uint32_t variant = 0) {
  return RandomStream(key.seed, purpose, key.epoch, key.view, key.sample, key.occurrence, variant);
}

}  // namespace fastmix
