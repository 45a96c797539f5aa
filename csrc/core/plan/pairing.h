// Draws each sample's partner.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "random/random.h"

namespace fastmix {

// Every pairing is a permutation, so its plans can mix in place. The last two need a group (class, domain, ...) per
// sample.
enum class Pairing : int32_t {
  kPermutation = 0,     // uniform; a sample may be its own partner
  kNeighbor = 1,        // 0 with 1, 2 with 3, ...
  kFlip = 2,            // i with batch - 1 - i
  kRoll = 3,            // i takes i - 1, and sample 0 takes the last one
  kDerangement = 4,     // uniform among the permutations without fixed points
  kMatching = 5,        // uniform among the ways to make pairs; one sample of an odd batch stays alone
  kSameClass = 6,       // uniform permutation within each group
  kDifferentClass = 7,  // a partner of another group; some stay alone if a group has more than half of the batch
};

bool needs_groups(Pairing pairing);

// `groups` has one entry per sample if the pairing needs them.
std::vector<int32_t> draw_partners(Pairing pairing, int32_t batch, std::span<const int64_t> groups, RandomStream draws);

// Draws one partner with probability proportional to its odds >= 0, or the sample itself if all odds are 0.
int32_t draw_by_odds(std::span<const double> odds, int32_t sample, RandomStream& draws);

}  // namespace fastmix
