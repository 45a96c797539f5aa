#include "plan/pairing.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "base/error.h"

namespace fastmix {

namespace {

using Partners = std::vector<int32_t>;

bool has_fixed_point(const Partners& partner) {
  for (size_t i = 0; i < partner.size(); ++i) {
    if (partner[i] == static_cast<int32_t>(i)) return true;
  }
  return false;
}

// A random permutation is free of fixed points with probability 1 / e. So this takes about 2.7 draws on average,
// whatever the batch size.
Partners derangement(int32_t batch, RandomStream& draws) {
  Partners partner = draws.permutation<int32_t>(batch);
  while (batch > 1 && has_fixed_point(partner)) partner = draws.permutation<int32_t>(batch);
  return partner;
}

Partners matching(int32_t batch, RandomStream& draws) {
  const Partners order = draws.permutation<int32_t>(batch);
  Partners partner(batch);
  for (int32_t place = 0; place < batch; ++place) {
    partner[order[place]] = order[(place ^ 1) < batch ? place ^ 1 : place];
  }
  return partner;
}

// Draws a permutation within each group. It visits the groups in the order of their first samples.
Partners same_class(std::span<const int64_t> groups, RandomStream& draws) {
  std::unordered_map<int64_t, size_t> place_of;
  std::vector<Partners> members;
  for (size_t i = 0; i < groups.size(); ++i) {
    const auto [found, is_new] = place_of.try_emplace(groups[i], members.size());
    if (is_new) members.emplace_back();
    members[found->second].push_back(static_cast<int32_t>(i));
  }
  Partners partner(groups.size());
  for (const Partners& group : members) {
    const auto order = draws.permutation<int32_t>(static_cast<uint32_t>(group.size()));
    for (size_t k = 0; k < group.size(); ++k) partner[group[k]] = group[order[k]];
  }
  return partner;
}

// Draws a uniform permutation and repairs it. A sample i whose partner is in the same group swaps partners with a
// sample j, such that i and j both get partners in other groups. The search for j starts at a random place. No j fits
// only if i's group has more than half of the batch. Then i swaps with the sample that has i as partner, so i becomes
// its own partner.
Partners repaired_permutation(const std::vector<int64_t>& groups, RandomStream& draws) {
  const auto batch = static_cast<uint32_t>(groups.size());
  Partners partner = draws.permutation<int32_t>(batch);
  for (uint32_t i = 0; i < batch; ++i) {
    const int64_t group = groups[i];
    if (groups[partner[i]] != group) continue;
    const uint32_t start = draws.below(batch);
    uint32_t step = 0;
    uint32_t j = start;
    while (step < batch && (groups[j] == group || groups[partner[j]] == group)) {
      ++step;
      j = start + step < batch ? start + step : start + step - batch;
    }
    if (step == batch) {
      j = static_cast<uint32_t>(std::find(partner.begin(), partner.end(), static_cast<int32_t>(i)) - partner.begin());
    }
    std::swap(partner[i], partner[j]);
  }
  return partner;
}

// The repair depends on the samples' order, so the samples are shuffled first.
Partners different_class(std::span<const int64_t> groups, RandomStream& draws) {
  const auto order = draws.permutation<int32_t>(static_cast<uint32_t>(groups.size()));
  std::vector<int64_t> shuffled(groups.size());
  for (size_t place = 0; place < groups.size(); ++place) shuffled[place] = groups[order[place]];
  const Partners repaired = repaired_permutation(shuffled, draws);
  Partners partner(groups.size());
  for (size_t place = 0; place < groups.size(); ++place) partner[order[place]] = order[repaired[place]];
  return partner;
}

}  // namespace

bool needs_groups(Pairing pairing) { return pairing == Pairing::kSameClass || pairing == Pairing::kDifferentClass; }

std::vector<int32_t> draw_partners(Pairing pairing, int32_t batch, std::span<const int64_t> groups,
                                   RandomStream draws) {
  Partners partner(batch);
  switch (pairing) {
    case Pairing::kPermutation:
      return draws.permutation<int32_t>(batch);
    case Pairing::kNeighbor:
      for (int32_t i = 0; i < batch; ++i) partner[i] = (i ^ 1) < batch ? (i ^ 1) : i;
      break;
    case Pairing::kFlip:
      for (int32_t i = 0; i < batch; ++i) partner[i] = batch - 1 - i;
      break;
    case Pairing::kRoll:
      for (int32_t i = 0; i < batch; ++i) partner[i] = i > 0 ? i - 1 : batch - 1;
      break;
    case Pairing::kDerangement:
      return derangement(batch, draws);
    case Pairing::kMatching:
      return matching(batch, draws);
    case Pairing::kSameClass:
      return same_class(groups, draws);
    case Pairing::kDifferentClass:
      return different_class(groups, draws);
  }
  return partner;
}

int32_t draw_by_odds(std::span<const double> odds, int32_t sample, RandomStream& draws) {
  for (size_t j = 0; j < odds.size(); ++j) {
    check(odds[j] >= 0.0 && std::isfinite(odds[j]), "weighted_partners: expected finite weights >= 0, got ", odds[j],
          " for partner ", j, " of sample ", sample);
  }
  const double total = std::accumulate(odds.begin(), odds.end(), 0.0);
  check(std::isfinite(total), "weighted_partners: expected weights with a finite sum, got a sum of ", total,
        " for sample ", sample, "; scale the weights down");
  double left = draws.uniform() * total;
  int32_t chosen = sample;
  // Rounding may leave a remainder at the end; the last possible partner takes it.
  for (size_t j = 0; j < odds.size() && left >= 0.0; ++j) {
    if (odds[j] > 0.0) chosen = static_cast<int32_t>(j);
    left -= odds[j];
  }
  return chosen;
}

}  // namespace fastmix
