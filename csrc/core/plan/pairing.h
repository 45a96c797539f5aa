// Draws each sample's partner.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "random/random.h"

namespace fastmix {

// How partners are drawn. Every pairing is a permutation, so its plans can mix in place. The last two need the group
// (class, domain, ...) of each sample.
enum class Pairing : int32_t {
  kPermutation = 0,  // a uniform permutation; a sample may be its own partner
  kNeighbor = 1,     // samples 0 and 1 are partners, 2 and 3 are partners, ...
  kFlip = 2,         // samples i and batch - 1 - i are partners
  kRoll = 3,         // the partner of sample i is sample i - 1; that of sample 0 is the last sample
  kDerangement = 4,  // a uniform permutation among those that make no sample its own partner
  kMatching = 5,     // uniform among the ways to form pairs; one sample of an odd batch is its own partner
  kSameClass = 6,    // a uniform permutation within each group
  // Partners come from other groups. If a group has more than half of the batch, some of its samples are their own
  // partners.
  kDifferentClass = 7,
};

bool needs_groups(Pairing pairing);

// `groups` has one entry per sample if the pairing needs them.
std::vector<int32_t> draw_partners(Pairing pairing, int32_t batch, std::span<const int64_t> groups, RandomStream draws);

// Draws one partner with probability proportional to its odds >= 0, or the sample itself if all odds are 0.
int32_t draw_by_odds(std::span<const double> odds, int32_t sample, RandomStream& draws);

}  // namespace fastmix
