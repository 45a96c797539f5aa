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

// One permutation in e has no fixed point, so this takes e draws on average whatever the batch.
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

// The groups are shuffled one after the other, in the order of their first samples.
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

// A uniform permutation, repaired: a sample i with a partner of its own key takes over the partner of the first j,
// searched from a random place, for which both then differ. While no key has more than half of the batch there is
// such a j: were there none, all samples of other groups would have partners of i's key, and i too, which makes more
// than half. Where there is none, i becomes its own partner, and whoever had i takes i's.
Partners repaired_permutation(const std::vector<int64_t>& groups, RandomStream& draws) {
  const auto batch = static_cast<uint32_t>(groups.size());
  Partners partner = draws.permutation<int32_t>(batch);
  for (uint32_t i = 0; i < batch; ++i) {
    const int64_t key = groups[i];
    if (groups[partner[i]] != key) continue;
    const uint32_t start = draws.below(batch);
    uint32_t step = 0;
    uint32_t j = start;
    while (step < batch && (groups[j] == key || groups[partner[j]] == key)) {
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

// The repair favours some places over others, so the samples take their places at random.
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

int32_t draw_weighted(std::span<const double> weights, int32_t sample, RandomStream& draws) {
  for (size_t j = 0; j < weights.size(); ++j) {
    check(weights[j] >= 0.0 && std::isfinite(weights[j]), "partners: expected finite weights >= 0, got ", weights[j],
          " for partner ", j, " of sample ", sample);
  }
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  check(std::isfinite(total), "partners: expected weights with a finite sum for sample ", sample);
  double left = draws.uniform() * total;
  int32_t chosen = sample;
  // Rounding may leave a little at the end: then the last possible partner is it.
  for (size_t j = 0; j < weights.size() && left >= 0.0; ++j) {
    if (weights[j] > 0.0) chosen = static_cast<int32_t>(j);
    left -= weights[j];
  }
  return chosen;
}

}  // namespace fastmix
