// Policies draw plans. A plan is a pure function of the policy and a DrawKey: no state, no global generator.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/box.h"
#include "plan/mask_rules.h"
#include "plan/pairing.h"
#include "plan/plan.h"
#include "plan/weight.h"

namespace fastmix {

enum class Kind : int32_t { kMixup = 0, kCutMix = 1, kHMix = 2, kGridMix = 3, kSmoothMix = 4, kGMix = 5, kFMix = 6 };
enum class Per : int32_t { kBatch = 0, kPair = 1, kSample = 2 };

// One way of mixing: own weight drawn from `weight`, applied with probability `prob`, drawn anew `per` unit.
struct Policy {
  Kind kind = Kind::kMixup;
  WeightLaw weight;
  double prob = 1.0;
  Per per = Per::kBatch;
  BoxRule box;                                                     // of CutMix and HMix
  WeightLaw inside{Law::kFixed, 0.0, 0.0, Fold::kNone, 0.0, 1.0};  // of CutMix: own weight inside the box
  double box_share = 0.5;  // of HMix: how much of what the partner gets is cut, the rest is blended
  MaskRule mask{};         // of GridMix, SmoothMix and FMix
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

// What the caller knows of the samples: one key each for pairings by class, or the partners themselves.
struct Samples {
  std::span<const int64_t> groups;
  std::span<const int32_t> partner;
};

void validate(const Choice& choice);
// `image` counts frames where it is a video, else its depth is 0: boxes over frames need them, other boxes and masks
// are the same for all frames.
Plan draw_plan(const Choice& choice, int32_t batch, const Extent& image, const DrawKey& key,
               const Samples& samples = {});
inline Plan draw_plan(const Choice& choice, int32_t batch, int32_t height, int32_t width, const DrawKey& key) {
  return draw_plan(choice, batch, Extent{0, height, width}, key);
}

// Partners drawn with the given weights, `batch` per sample; they may repeat.
std::vector<int32_t> weighted_partners(std::span<const double> weights, int32_t batch, const DrawKey& key);

}  // namespace fastmix
