// Policies draw plans. A plan is a pure function of the policy and a DrawKey, without state or a global generator.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/box.h"
#include "plan/draw_key.h"
#include "plan/mask_rules.h"
#include "plan/pairing.h"
#include "plan/plan.h"
#include "plan/weight.h"

namespace fastmix {

enum class Kind : int32_t { kMixup = 0, kCutMix = 1, kHMix = 2, kGridMix = 3, kSmoothMix = 4, kGMix = 5, kFMix = 6 };
enum class Per : int32_t { kBatch = 0, kPair = 1, kSample = 2 };

// One way of mixing. Each unit (the batch, a pair or a sample, see `per`) draws one weight by the law `weight` and is
// mixed with probability `prob`.
struct Policy {
  Kind kind = Kind::kMixup;
  WeightLaw weight;
  double prob = 1.0;
  Per per = Per::kBatch;
  BoxRule box;                                                     // used by CutMix and HMix
  WeightLaw inside{Law::kFixed, 0.0, 0.0, Fold::kNone, 0.0, 1.0};  // CutMix: own weight inside the box
  double box_share = 0.5;  // HMix: the part of the partner's weight that a pasted box gives; blending gives the rest
  MaskRule mask{};         // used by GridMix, SmoothMix and FMix
};

// Chooses one of several policies per unit, with probabilities `p` that sum to 1. A single policy is a choice of one.
struct Choice {
  std::vector<Policy> policies;
  std::vector<double> p;
  Per per = Per::kBatch;
  Pairing pairing = Pairing::kPermutation;
};

// Optional facts about the samples. `groups` holds each sample's group, for pairings by class. `partner` holds each
// sample's partner. If it is given, no partners are drawn.
struct Samples {
  std::span<const int64_t> groups;
  std::span<const int32_t> partner;
};

void validate(const Choice& choice);
// `image.depth` is a video's number of frames, else 0. Boxes over frames need it; other boxes and masks apply to every
// frame.
Plan draw_plan(const Choice& choice, int32_t batch, const Extent& image, const DrawKey& key,
               const Samples& samples = {});
inline Plan draw_plan(const Choice& choice, int32_t batch, int32_t height, int32_t width, const DrawKey& key) {
  return draw_plan(choice, batch, Extent{0, height, width}, key);
}

// Draws one partner per sample. Row i of odds (batch, batch) holds the odds of sample i's partners, which may repeat.
std::vector<int32_t> weighted_partners(std::span<const double> odds, int32_t batch, const DrawKey& key);

}  // namespace fastmix
