// Policies draw plans. A plan is a pure function of the policy and a DrawKey: no state, no global generator.
#pragma once

#include <cstdint>
#include <vector>

#include "plan.h"

namespace fastmix {

enum class Kind : int32_t { kMixup = 0, kCutMix = 1 };
enum class Per : int32_t { kBatch = 0, kPair = 1, kSample = 2 };
enum class Pairing : int32_t { kPermutation = 0, kNeighbor = 1, kFlip = 2 };

// One way of mixing: own weight ~ Beta(alpha, alpha), applied with probability `prob`, drawn anew `per` unit.
struct Policy {
  Kind kind = Kind::kMixup;
  double alpha = 1.0;
  double prob = 1.0;
  Per per = Per::kBatch;
};

// One of several policies, chosen with probabilities `p` (they sum to 1) anew for every unit of `per`.
// A single policy is a choice of one.
struct Choice {
  std::vector<Policy> policies;
  std::vector<double> p;
  Per per = Per::kBatch;
  Pairing pairing = Pairing::kPermutation;
};

// What the draw depends on. `offset` is the place of sample 0 in the global batch: ranks that pass their
// offset and rank 0 draw slices of one global plan; ranks that pass their rank draw independent ones.
struct DrawKey {
  uint64_t seed = 0;
  uint32_t epoch = 0;
  uint64_t step = 0;
  uint32_t rank = 0;
  uint32_t offset = 0;
};

void validate(const Choice& choice);
Plan draw_plan(const Choice& choice, int32_t batch, int32_t height, int32_t width, const DrawKey& key);

}  // namespace fastmix
