#include "policy.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "error.h"
#include "random.h"

namespace fastmix {

namespace {

constexpr int32_t kMaxBatch = INT32_MAX / 4;  // a box has four entries, counted in int32

class Drawer {
 public:
  Drawer(const Choice& choice, int32_t height, int32_t width, const DrawKey& key)
      : choice_(choice), height_(height), width_(width), key_(key) {}

  Plan draw(int32_t batch) const {
    Plan plan(batch);
    plan.partner = partners(batch);
    for (int32_t i = 0; i < batch; ++i) {
      const size_t which = choose(unit(choice_.per, plan, i));
      const Policy& policy = choice_.policies[which];
      mix_sample(plan, i, policy, unit(policy.per, plan, i), static_cast<uint32_t>(which));
    }
    return plan;
  }

 private:
  RandomStream stream(Purpose purpose, uint32_t unit, uint32_t variant = 0) const {
    return RandomStream(key_.seed, purpose, key_.epoch, key_.rank, key_.step, unit, variant);
  }

  std::vector<int32_t> partners(int32_t batch) const {
    if (choice_.pairing == Pairing::kPermutation) {
      return stream(Purpose::kPairing, key_.offset).permutation<int32_t>(batch);
    }
    std::vector<int32_t> partner(batch);
    for (int32_t i = 0; i < batch; ++i) {
      const int32_t neighbor = (i ^ 1) < batch ? (i ^ 1) : i;
      partner[i] = choice_.pairing == Pairing::kFlip ? batch - 1 - i : neighbor;
    }
    return partner;
  }

  // The counter word that names sample i's draws. A pair shares the place of its first member in the global
  // batch; a sample whose partner mixes with somebody else is a pair of its own. A batch has unit 0 on all ranks.
  uint32_t unit(Per per, const Plan& plan, int32_t i) const {
    if (per == Per::kBatch) return 0;
    const int32_t partner = plan.partner[i];
    const bool mutual = plan.partner[partner] == i;
    return key_.offset + static_cast<uint32_t>(per == Per::kPair && mutual ? std::min(i, partner) : i);
  }

  size_t choose(uint32_t unit) const {
    if (choice_.policies.size() == 1) return 0;
    double left = stream(Purpose::kChoice, unit).uniform();
    // Probabilities may sum to a little under 1; what is left falls to the last policy that is possible at all.
    size_t chosen = 0;
    for (size_t which = 0; which < choice_.p.size() && left >= 0; ++which) {
      if (choice_.p[which] > 0) chosen = which;
      left -= choice_.p[which];
    }
    return chosen;
  }

  void mix_sample(Plan& plan, int32_t i, const Policy& policy, uint32_t unit, uint32_t variant) const {
    if (stream(Purpose::kApply, unit, variant).uniform() >= policy.prob) return;
    const double weight = stream(Purpose::kWeight, unit, variant).beta(policy.alpha, policy.alpha);
    if (policy.kind == Kind::kMixup) {
      plan.weight_in[i] = plan.weight_out[i] = plan.label_weight[i] = static_cast<float>(weight);
    } else {
      cut(plan, i, weight, unit, variant);
    }
  }

  // CutMix's box (Yun et al., ICCV 2019): sides sqrt(1 - weight) of the image's, centre uniform, clipped at
  // the border; the label weight is recomputed from the pixels that the clipped box really takes. A box without
  // pixels leaves the sample as it is.
  void cut(Plan& plan, int32_t i, double weight, uint32_t unit, uint32_t variant) const {
    RandomStream draws = stream(Purpose::kBox, unit, variant);
    const double side = std::sqrt(1.0 - weight);
    int32_t y0, x0, y1, x1;
    place(draws, height_, side, y0, y1);
    place(draws, width_, side, x0, x1);
    const double taken = static_cast<double>(y1 - y0) * (x1 - x0);
    if (taken == 0.0) return;
    std::copy_n(std::array{y0, x0, y1, x1}.begin(), 4, plan.box.begin() + 4 * i);
    plan.weight_in[i] = 0.0f;
    plan.label_weight[i] = static_cast<float>(1.0 - taken / (static_cast<double>(height_) * width_));
  }

  static void place(RandomStream& draws, int32_t length, double side, int32_t& begin, int32_t& end) {
    const int64_t extent = static_cast<int64_t>(length * side);
    const int64_t centre = draws.below(static_cast<uint32_t>(length));
    const int64_t first = centre - extent / 2;
    begin = static_cast<int32_t>(std::max<int64_t>(first, 0));
    end = static_cast<int32_t>(std::min<int64_t>(first + extent, length));
  }

  const Choice& choice_;
  const int32_t height_, width_;
  const DrawKey key_;
};

void check_probability(const char* name, double value) {
  check(value >= 0.0 && value <= 1.0, "policy: expected ", name, " in [0, 1], got ", value);
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
    check(policy.alpha > 0.0 && std::isfinite(policy.alpha), "policy: expected a finite alpha > 0, got ", policy.alpha,
          "; to switch mixing off use prob=0 or no policy");
    check_probability("prob", policy.prob);
  }
}

Plan draw_plan(const Choice& choice, int32_t batch, int32_t height, int32_t width, const DrawKey& key) {
  validate(choice);
  check(batch >= 0 && batch <= kMaxBatch, "policy: expected batch_size in [0, ", kMaxBatch, "], got ", batch);
  check(key.offset <= UINT32_MAX - static_cast<uint32_t>(batch),
        "policy: expected offset + batch_size below 2^32, got ", key.offset, " + ", batch);
  const bool needs_size = std::any_of(choice.policies.begin(), choice.policies.end(),
                                      [](const Policy& policy) { return policy.kind == Kind::kCutMix; });
  check(!needs_size || (height > 0 && width > 0), "policy: CutMix needs image_size=(height, width) with pixels, got (",
        height, ", ", width, ")");
  return Drawer(choice, height, width, key).draw(batch);
}

}  // namespace fastmix
