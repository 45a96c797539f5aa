#include "plan/policy.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/error.h"
#include "plan/mask.h"
#include "random/random.h"

namespace fastmix {

namespace {

constexpr int32_t kMaxBatch = INT32_MAX / 4;  // a box has four entries, counted in int32

RandomStream stream(const DrawKey& key, Purpose purpose, uint32_t unit, uint32_t variant = 0) {
  return RandomStream(key.seed, purpose, key.epoch, key.rank, key.step, unit, variant);
}

bool cuts_frames(const Policy& policy) { return policy.kind == Kind::kCutMix && chooses_frames(policy.box); }

const char* name_of(Kind kind) {
  constexpr const char* kNames[] = {"Mixup", "CutMix", "HMix", "GridMix", "SmoothMix", "GMix", "FMix"};
  return kNames[static_cast<int>(kind)];
}

class Drawer {
 public:
  Drawer(const Choice& choice, const Extent& image, const DrawKey& key)
      : choice_(choice), height_(image.height), width_(image.width), frames_(image.depth), key_(key) {}

  Plan draw(int32_t batch, const Samples& samples) {
    Plan plan(batch);
    plan.mask_extent = {1, height_, width_};
    for (const Policy& policy : choice_.policies) {
      if (cuts_frames(policy)) plan.mask_extent.depth = frames_;
    }
    std::vector<int32_t> drawn;
    std::span<const int32_t> partners = samples.partner;
    if (partners.empty()) {
      drawn = draw_partners(choice_.pairing, batch, samples.groups, stream(key_, Purpose::kPairing, key_.offset));
      partners = drawn;
    }
    for (int32_t i = 0; i < batch; ++i) plan.rows[i].partner = partners[i];
    for (int32_t i = 0; i < batch; ++i) {
      const size_t which = choose(unit(choice_.per, plan, i));
      const Policy& policy = choice_.policies[which];
      mix_sample(plan, i, policy, unit(policy.per, plan, i), static_cast<uint32_t>(which));
    }
    return plan;
  }

 private:
  // The counter word that names sample i's draws. A pair shares the place of its first member in the global
  // batch; a sample whose partner mixes with somebody else is a pair of its own. A batch has unit 0 on all ranks.
  uint32_t unit(Per per, const Plan& plan, int32_t i) const {
    if (per == Per::kBatch) return 0;
    const int32_t partner = plan.rows[i].partner;
    const bool mutual = plan.rows[partner].partner == i;
    return key_.offset + static_cast<uint32_t>(per == Per::kPair && mutual ? std::min(i, partner) : i);
  }

  size_t choose(uint32_t unit) const {
    if (choice_.policies.size() == 1) return 0;
    double left = stream(key_, Purpose::kChoice, unit).uniform();
    // Probabilities may sum to a little under 1; what is left falls to the last policy that is possible at all.
    size_t chosen = 0;
    for (size_t which = 0; which < choice_.p.size() && left >= 0; ++which) {
      if (choice_.p[which] > 0) chosen = which;
      left -= choice_.p[which];
    }
    return chosen;
  }

  void mix_sample(Plan& plan, int32_t i, const Policy& policy, uint32_t unit, uint32_t variant) {
    if (stream(key_, Purpose::kApply, unit, variant).uniform() >= policy.prob) return;
    RandomStream draws = stream(key_, Purpose::kWeight, unit, variant);
    const double weight = draw_weight(policy.weight, draws);
    switch (policy.kind) {
      case Kind::kMixup:
        plan.rows[i].weight_in = plan.rows[i].weight_out = plan.rows[i].label_weight = static_cast<float>(weight);
        break;
      case Kind::kCutMix:
        if (chooses_frames(policy.box)) {
          cut_frames(plan, i, policy, weight, unit, variant);
        } else {
          cut(plan, i, policy, weight, unit, variant);
        }
        break;
      case Kind::kHMix:
        cut_and_blend(plan, i, policy, weight, unit, variant);
        break;
      default:
        mask(plan, i, policy, weight, unit, variant);
        break;
    }
  }

  // A box with a share of `area` of the image's pixels before it is clipped.
  Box box(const Policy& policy, double area, uint32_t unit, uint32_t variant) const {
    RandomStream draws = stream(key_, Purpose::kBox, unit, variant);
    return draw_box(policy.box, height_, width_, area, draws);
  }

  double image_pixels() const { return static_cast<double>(height_) * width_; }

  // CutMix: the label weight is recomputed from the pixels that the box really takes. A box without pixels leaves
  // the sample as it is.
  void cut(Plan& plan, int32_t i, const Policy& policy, double weight, uint32_t unit, uint32_t variant) const {
    const Box taken = box(policy, 1.0 - weight, unit, variant);
    if (taken.pixels() == 0.0) return;
    RandomStream draws = stream(key_, Purpose::kInside, unit, variant);
    plan.rows[i].weight_in = static_cast<float>(draw_weight(policy.inside, draws));
    plan.rows[i].label_weight =
        static_cast<float>(1.0 - (1.0 - plan.rows[i].weight_in) * taken.pixels() / image_pixels());
    put(plan, i, taken);
  }

  // HMix (Park et al., NeurIPS 2022): a box of the partner, and around it a blend that brings the own weight down to
  // `weight`. The box takes less than 1 - weight, so the blend's own weight is at most 1.
  void cut_and_blend(Plan& plan, int32_t i, const Policy& policy, double weight, uint32_t unit,
                     uint32_t variant) const {
    const Box taken = box(policy, (1.0 - weight) * policy.box_share, unit, variant);
    const double around = 1.0 - taken.pixels() / image_pixels();
    plan.rows[i].weight_out = static_cast<float>(around > 0.0 ? std::min(weight / around, 1.0) : 1.0);
    plan.rows[i].label_weight = static_cast<float>(plan.rows[i].weight_out * around);
    if (taken.pixels() == 0.0) {
      plan.rows[i].weight_in = plan.rows[i].weight_out;
      return;
    }
    plan.rows[i].weight_in = 0.0f;
    put(plan, i, taken);
  }

  // The mask of a unit, which all of its samples share; fill(levels) draws it where it is not there yet.
  template <typename Fill>
  void put_mask(Plan& plan, int32_t i, float inside, float outside, uint32_t unit, uint32_t variant, const Fill& fill) {
    const auto [at, is_new] = masks_.try_emplace({unit, variant}, SharedMask{plan.mask_count(), 1.0f});
    SharedMask& shared = at->second;
    const int64_t pixels = plan.mask_extent.pixels();
    if (is_new) {
      plan.masks.resize(plan.masks.size() + static_cast<size_t>(pixels));
      uint8_t* const levels = plan.masks.data() + shared.index * pixels;
      fill(levels);
      shared.label_weight = mask_label_weight(levels, plan.mask_extent, plan.mask_extent, inside, outside);
    }
    plan.rows[i].mask = shared.index;
    plan.rows[i].weight_in = inside;
    plan.rows[i].weight_out = outside;
    plan.rows[i].label_weight = shared.label_weight;
  }

  // GridMix, SmoothMix, GMix, FMix: one mask, the same for all frames.
  void mask(Plan& plan, int32_t i, const Policy& policy, double weight, uint32_t unit, uint32_t variant) {
    put_mask(plan, i, 1.0f, 0.0f, unit, variant, [&](uint8_t* levels) {
      RandomStream draws = stream(key_, Purpose::kMask, unit, variant);
      draw_mask(policy, weight, draws, levels);
      const int64_t frame = static_cast<int64_t>(height_) * width_;
      for (int32_t t = 1; t < plan.mask_extent.depth; ++t) std::copy_n(levels, frame, levels + t * frame);
    });
  }

  void draw_mask(const Policy& policy, double weight, RandomStream& draws, uint8_t* levels) const {
    if (policy.kind == Kind::kGridMix) return draw_grid(policy.mask, height_, width_, weight, draws, levels);
    if (policy.kind == Kind::kSmoothMix) return draw_smooth(policy.mask, height_, width_, draws, levels);
    if (policy.kind == Kind::kGMix) return draw_gaussian(height_, width_, weight, draws, levels);
    draw_fourier(policy.mask, height_, width_, weight, draws, levels);
  }

  // CutMix of a video by a box over frames, which is a mask: 255 inside.
  void cut_frames(Plan& plan, int32_t i, const Policy& policy, double weight, uint32_t unit, uint32_t variant) {
    RandomStream draws = stream(key_, Purpose::kBox, unit, variant);
    const Cuboid taken = draw_cuboid(policy.box, frames_, height_, width_, 1.0 - weight, draws);
    if (taken.t1 == taken.t0 || taken.box.pixels() == 0.0) return;
    RandomStream inside = stream(key_, Purpose::kInside, unit, variant);
    const auto weight_in = static_cast<float>(draw_weight(policy.inside, inside));
    put_mask(plan, i, weight_in, 1.0f, unit, variant, [&](uint8_t* levels) {
      for (int32_t t = taken.t0; t < taken.t1; ++t) {
        for (int32_t y = taken.box.y0; y < taken.box.y1; ++y) {
          const int64_t row = (static_cast<int64_t>(t) * height_ + y) * width_;
          std::fill(levels + row + taken.box.x0, levels + row + taken.box.x1, uint8_t{255});
        }
      }
    });
  }

  static void put(Plan& plan, int32_t i, const Box& taken) {
    int32_t* box = plan.rows[i].box;
    box[0] = taken.y0;
    box[1] = taken.x0;
    box[2] = taken.y1;
    box[3] = taken.x1;
  }

  struct SharedMask {
    int32_t index;
    float label_weight;
  };

  const Choice& choice_;
  const int32_t height_, width_, frames_;
  const DrawKey key_;
  std::map<std::pair<uint32_t, uint32_t>, SharedMask> masks_;  // by unit and variant
};

void check_probability(const char* name, double value) {
  check(value >= 0.0 && value <= 1.0, "policy: expected ", name, " in [0, 1], got ", value);
}

void check_batch(int32_t batch, const DrawKey& key) {
  check(batch >= 0 && batch <= kMaxBatch, "policy: expected batch_size in [0, ", kMaxBatch, "], got ", batch);
  check(key.offset <= UINT32_MAX - static_cast<uint32_t>(batch),
        "policy: expected offset + batch_size below 2^32, got ", key.offset, " + ", batch);
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
        "policy: this pairing goes by class; expected groups=, one per sample (", batch, "), got none");
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
          "policy: HMix gives its box an area; expected a box rule with a place only, got one with sides");
  }
}

Plan draw_plan(const Choice& choice, int32_t batch, const Extent& image, const DrawKey& key, const Samples& samples) {
  validate(choice);
  check_batch(batch, key);
  check_samples(samples, choice.pairing, batch);
  for (const Policy& policy : choice.policies) {
    if (policy.kind == Kind::kMixup) continue;
    check(image.height > 0 && image.width > 0, "policy: ", name_of(policy.kind),
          " needs image_size=(height, width) with pixels, got (", image.height, ", ", image.width, ")");
    check(!cuts_frames(policy) || image.depth > 0,
          "policy: a box over frames needs image_size=(frames, height, width), got (", image.height, ", ", image.width,
          ")");
    validate(policy.box, image.height, image.width);
    const int64_t frame = static_cast<int64_t>(image.height) * image.width;
    const bool masked = policy.kind > Kind::kHMix || cuts_frames(policy);
    check(!masked || (frame <= INT32_MAX && frame * std::max(image.depth, 1) <= INT32_MAX),
          "policy: ", name_of(policy.kind), " needs an image_size below 2^31 pixels for its masks, got (", image.depth,
          ", ", image.height, ", ", image.width, ")");
  }
  return Drawer(choice, image, key).draw(batch, samples);
}

std::vector<int32_t> weighted_partners(std::span<const double> weights, int32_t batch, const DrawKey& key) {
  check_batch(batch, key);
  check(weights.size() == static_cast<size_t>(batch) * batch, "partners: expected weights of shape (", batch, ", ",
        batch, "), got ", weights.size(), " of them");
  std::vector<int32_t> partner(batch);
  for (int32_t i = 0; i < batch; ++i) {
    RandomStream draws = stream(key, Purpose::kPairing, key.offset + static_cast<uint32_t>(i));
    partner[i] = draw_weighted(weights.subspan(static_cast<size_t>(i) * batch, batch), i, draws);
  }
  return partner;
}

}  // namespace fastmix
