#include "plan/policy.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "plan/drawer.h"

namespace fastmix {

namespace {

const char* name_of(Kind kind) {
  constexpr const char* kNames[] = {"Mixup", "CutMix", "HMix", "GridMix", "SmoothMix", "GMix", "FMix"};
  return kNames[static_cast<int>(kind)];
}

const char* name_of(Placement placement) {
  constexpr const char* kNames[] = {"Clipped", "Coverage", "Inside", "MinMax", "FixedBox",
                                    "Span",    "Span",     "Span",   "Cuboid"};
  return kNames[static_cast<int>(placement)];
}

void check_probability(const char* name, double value) {
  check(value >= 0.0 && value <= 1.0, "policy: expected ", name, " in [0, 1], got ", value);
}

void check_samples(const Samples& samples, Pairing pairing, int32_t batch) {
  const auto count = static_cast<size_t>(batch);
  check(samples.partner.empty() || samples.partner.size() == count, "policy: expected one partner per sample (", batch,
        "), got ", samples.partner.size());
  for (size_t i = 0; i < samples.partner.size(); ++i) {
    check(samples.partner[i] >= 0 && samples.partner[i] < batch, "policy: expected partners in [0, ", batch, "), got ",
          samples.partner[i], " for sample ", i);
  }
  check(samples.groups.empty() || samples.groups.size() == count, "policy: expected one group per sample (", batch,
        "), got ", samples.groups.size());
  check(!needs_groups(pairing) || !samples.partner.empty() || samples.groups.size() == count,
        "policy: expected groups=, one per sample (", batch, "), for a pairing by class, got none");
}

}  // namespace

void validate(const Choice& choice) {
  check(!choice.policies.empty(), "policy: expected at least one policy to choose from, got none");
  check(choice.p.size() == choice.policies.size(), "policy: expected one probability per policy (",
        choice.policies.size(), "), got ", choice.p.size());
  double sum = 0.0;
  for (double p : choice.p) {
    check_probability("choice probability", p);
    sum += p;
  }
  check(std::abs(sum - 1.0) < 1e-6, "policy: expected choice probabilities that sum to 1, got a sum of ", sum);
  for (const Policy& policy : choice.policies) {
    validate(policy.weight);
    validate(policy.inside);
    validate(policy.box);
    validate(policy.mask);
    check_probability("prob", policy.prob);
    check_probability("box_share", policy.box_share);
    check(policy.kind != Kind::kHMix || policy.box.placement <= Placement::kInside,
          "policy: expected box Clipped, Coverage or Inside for HMix, which sets the area, got ",
          name_of(policy.box.placement));
  }
}

Plan draw_plan(const Choice& choice, int32_t batch, const Extent& image, const DrawKey& key, const Samples& samples) {
  validate(choice);
  check_batch(batch, key);
  check_samples(samples, choice.pairing, batch);
  for (const Policy& policy : choice.policies) {
    if (policy.kind == Kind::kMixup) continue;
    check(image.height > 0 && image.width > 0, "policy: expected image_size=(height, width) with both > 0 for ",
          name_of(policy.kind), ", got (", image.height, ", ", image.width, ")");
    check(!cuts_frames(policy) || image.depth > 0,
          "policy: expected image_size=(frames, height, width) for a box over frames, got (", image.height, ", ",
          image.width, ")");
    validate(policy.box, image.height, image.width);
    const int64_t frame = static_cast<int64_t>(image.height) * image.width;
    const bool masked = policy.kind > Kind::kHMix || cuts_frames(policy);
    check(!masked || (frame <= INT32_MAX && frame * std::max(image.depth, 1) <= INT32_MAX),
          "policy: expected an image_size of fewer than 2^31 pixels for masks of ", name_of(policy.kind), ", got ",
          std::max(image.depth, 1), " x ", image.height, " x ", image.width, " (frames x height x width)");
  }
  return draw_checked(choice, batch, image, key, samples);
}

std::vector<int32_t> weighted_partners(std::span<const double> odds, int32_t batch, const DrawKey& key) {
  check_batch(batch, key);
  check(odds.size() == static_cast<size_t>(batch) * batch, "weighted_partners: expected weights of shape (", batch,
        ", ", batch, "), got ", odds.size(), " numbers; give one weight per sample and partner");
  std::vector<int32_t> partner(batch);
  for (int32_t i = 0; i < batch; ++i) {
    RandomStream draws = stream_of(key, Purpose::kPairing, key.offset + static_cast<uint32_t>(i));
    partner[i] = draw_by_odds(odds.subspan(static_cast<size_t>(i) * batch, batch), i, draws);
  }
  return partner;
}

}  // namespace fastmix
