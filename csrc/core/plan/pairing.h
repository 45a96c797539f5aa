// Who is mixed with whom.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "random/random.h"

namespace fastmix {

// All of them are permutations: safe in place. The last two read one key (class, domain, ...) per sample.
enum class Pairing : int32_t {
  kPermutation = 0,     // uniform; a sample may be its own partner
  kNeighbor = 1,        // i with i XOR 1
  kFlip = 2,            // i with batch - 1 - i
  kRoll = 3,            // i with i - 1, sample 0 with the last one
  kDerangement = 4,     // uniform among the permutations without fixed points
  kMatching = 5,        // uniform among the ways to make pairs; of an odd batch one sample stays alone
  kSameClass = 6,       // uniform permutation within the samples of each key
  kDifferentClass = 7,  // no partner with the own key; where one key has more than half of the batch, some stay alone
};

bool needs_groups(Pairing pairing);

// `groups` has one entry per sample where the pairing needs them.
std::vector<int32_t> draw_partners(Pairing pairing, int32_t batch, std::span<const int64_t> groups, RandomStream draws);

// One partner with probability proportional to its weight >= 0; the sample itself where all weights are 0.
int32_t draw_weighted(std::span<const double> weights, int32_t sample, RandomStream& draws);

}  // namespace fastmix
