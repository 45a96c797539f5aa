#include "plan/drawer.h"

#include <algorithm>
#include <map>
#include <utility>

#include "plan/mask.h"

namespace fastmix {

namespace {

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
      drawn = draw_partners(choice_.pairing, batch, samples.groups, stream_of(key_, Purpose::kPairing, key_.offset));
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
  // The index of the unit (batch, pair or sample) that sample i belongs to. The index of a batch is 0 on all ranks. The
  // index of a sample is its place in the global batch. The index of a pair is the place of its first sample. With
  // Per::kPair, two samples form a pair if each is the other's partner. Any other sample is a unit of its own.
  uint32_t unit(Per per, const Plan& plan, int32_t i) const {
    if (per == Per::kBatch) return 0;
    const int32_t partner = plan.rows[i].partner;
    const bool mutual = plan.rows[partner].partner == i;
    return key_.offset + static_cast<uint32_t>(per == Per::kPair && mutual ? std::min(i, partner) : i);
  }

  size_t choose(uint32_t unit) const {
    if (choice_.policies.size() == 1) return 0;
    double left = stream_of(key_, Purpose::kChoice, unit).uniform();
    // Probabilities may sum to slightly less than 1. The last policy with p > 0 takes the remainder.
    size_t chosen = 0;
    for (size_t which = 0; which < choice_.p.size() && left >= 0; ++which) {
      if (choice_.p[which] > 0) chosen = which;
      left -= choice_.p[which];
    }
    return chosen;
  }

  void mix_sample(Plan& plan, int32_t i, const Policy& policy, uint32_t unit, uint32_t variant) {
    if (stream_of(key_, Purpose::kApply, unit, variant).uniform() >= policy.prob) return;
    RandomStream draws = stream_of(key_, Purpose::kWeight, unit, variant);
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

  // Draws a box that takes the share `area` of the image's pixels before clipping.
  Box box(const Policy& policy, double area, uint32_t unit, uint32_t variant) const {
    RandomStream draws = stream_of(key_, Purpose::kBox, unit, variant);
    return draw_box(policy.box, height_, width_, area, draws);
  }

  double image_pixels() const { return static_cast<double>(height_) * width_; }

  // CutMix: computes the label weight from the pixels of the clipped box. An empty box leaves the sample unmixed.
  void cut(Plan& plan, int32_t i, const Policy& policy, double weight, uint32_t unit, uint32_t variant) const {
    const Box taken = box(policy, 1.0 - weight, unit, variant);
    if (taken.pixels() == 0.0) return;
    RandomStream draws = stream_of(key_, Purpose::kInside, unit, variant);
    plan.rows[i].weight_in = static_cast<float>(draw_weight(policy.inside, draws));
    plan.rows[i].label_weight =
        static_cast<float>(1.0 - (1.0 - plan.rows[i].weight_in) * taken.pixels() / image_pixels());
    put(plan, i, taken);
  }

  // HMix (Park et al., NeurIPS 2022): shows the partner in a box and blends both images around it, so that the own
  // weight is `weight` on average. The own weight around the box is weight / around. This is at most 1, because the box
  // takes at most the share 1 - weight of the image.
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

  // Gives sample i the mask that all samples of its unit share. fill(levels) draws it on first use.
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

  // Gives sample i a mask of GridMix, SmoothMix, GMix or FMix, the same for all frames.
  void mask(Plan& plan, int32_t i, const Policy& policy, double weight, uint32_t unit, uint32_t variant) {
    put_mask(plan, i, 1.0f, 0.0f, unit, variant, [&](uint8_t* levels) {
      RandomStream draws = stream_of(key_, Purpose::kMask, unit, variant);
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

  // CutMix of a video by a box with a range of frames. The plan stores the box as a mask with level 255 inside.
  void cut_frames(Plan& plan, int32_t i, const Policy& policy, double weight, uint32_t unit, uint32_t variant) {
    RandomStream draws = stream_of(key_, Purpose::kBox, unit, variant);
    const Cuboid taken = draw_cuboid(policy.box, frames_, height_, width_, 1.0 - weight, draws);
    if (taken.t1 == taken.t0 || taken.box.pixels() == 0.0) return;
    RandomStream inside = stream_of(key_, Purpose::kInside, unit, variant);
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
  std::map<std::pair<uint32_t, uint32_t>, SharedMask> masks_;  // the key is (unit, variant)
};

}  // namespace

bool cuts_frames(const Policy& policy) { return policy.kind == Kind::kCutMix && chooses_frames(policy.box); }

Plan draw_checked(const Choice& choice, int32_t batch, const Extent& image, const DrawKey& key,
                  const Samples& samples) {
  return Drawer(choice, image, key).draw(batch, samples);
}

}  // namespace fastmix
