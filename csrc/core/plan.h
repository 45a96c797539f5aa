// The plan of one batch: for every sample its partner and the weights of its own image. Everything that
// mixes takes a plan; nothing that mixes draws random numbers.
#pragma once

#include <cstdint>
#include <vector>

namespace fastmix {

// Borrowed host arrays of `batch` entries; `box` has 4 per sample, half open (y0, x0, y1, x1).
struct PlanView {
  int32_t batch = 0;
  const int32_t* partner = nullptr;
  const float* weight_in = nullptr;   // own weight inside the box
  const float* weight_out = nullptr;  // own weight outside the box
  const int32_t* box = nullptr;

  bool has_box(int32_t i) const { return box[4 * i + 2] > box[4 * i] && box[4 * i + 3] > box[4 * i + 1]; }
  // True when the sample keeps its bytes: its own partner, or weight 1 wherever it is read.
  bool untouched(int32_t i) const {
    return partner[i] == i || (weight_out[i] == 1.0f && (!has_box(i) || weight_in[i] == 1.0f));
  }
};

struct Plan {
  std::vector<int32_t> partner;
  std::vector<float> weight_in, weight_out, label_weight;
  std::vector<int32_t> box;

  explicit Plan(int32_t batch = 0)
      : partner(batch), weight_in(batch, 1.0f), weight_out(batch, 1.0f), label_weight(batch, 1.0f), box(4 * batch, 0) {}
  int32_t batch() const { return static_cast<int32_t>(partner.size()); }
  PlanView view() const { return {batch(), partner.data(), weight_in.data(), weight_out.data(), box.data()}; }
};

// Refuses partners out of range, weights outside [0, 1] or NaN, and boxes outside height x width.
// With `in_place`, refuses repeated partners too: only a permutation can be mixed without a copy.
void validate(const PlanView& plan, int64_t height, int64_t width, bool in_place);

// The cycles of a permutation: cycle c is order[begin[c]] ... order[begin[c + 1] - 1], and within it the
// partner of each sample is the next one, of the last the first. Samples left untouched are still listed.
struct Cycles {
  std::vector<int32_t> order;
  std::vector<int32_t> begin;
  int32_t count() const { return static_cast<int32_t>(begin.size()) - 1; }
};
bool is_permutation(const PlanView& plan);
Cycles cycles_of(const PlanView& plan);

}  // namespace fastmix
