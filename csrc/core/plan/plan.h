// The plan of one batch: each sample's partner and the weights of its own image. Operators apply plans and draw no
// random numbers.
#pragma once

#include <cstdint>
#include <vector>

namespace fastmix {

struct Extent {
  int32_t depth = 1, height = 0, width = 0;
  int64_t pixels() const { return static_cast<int64_t>(depth) * height * width; }
};

// Borrowed masks on the images' device: `count` of one size, depth * height * width bytes each. Kernels stretch them
// over the image by nearest neighbour: pixel (t, y, x) of an image (D, H, W) takes the level at
// (t * depth / D, y * height / H, x * width / W). A mask of depth 1 applies to every frame.
struct MaskArrays {
  const uint8_t* levels = nullptr;
  int32_t count = 0;
  Extent extent;
};

// Borrowed host arrays of `batch` entries. `box` has 4 per sample: (y0, x0, y1, x1), y1 and x1 exclusive.
struct PlanView {
  int32_t batch = 0;
  const int32_t* partner = nullptr;
  const float* weight_in = nullptr;   // own weight inside the box
  const float* weight_out = nullptr;  // own weight outside the box
  const int32_t* box = nullptr;
  const int32_t* mask_index = nullptr;  // the sample's mask, or -1; null if no sample has one
  MaskArrays mask;
  int32_t others = -1;  // partners are rows of another batch of this size; negative: of this batch itself

  int32_t partners() const { return others < 0 ? batch : others; }
  bool alone(int32_t i) const { return others < 0 && partner[i] == i; }
  int32_t mask_of(int32_t i) const { return mask_index == nullptr ? -1 : mask_index[i]; }
  bool has_box(int32_t i) const { return box[4 * i + 2] > box[4 * i] && box[4 * i + 3] > box[4 * i + 1]; }
  bool keeps_weight_1(int32_t i) const {
    return weight_out[i] == 1.0f && (weight_in[i] == 1.0f || (!has_box(i) && mask_of(i) < 0));
  }
  // True if the sample keeps its bytes: it is its own partner, or has weight 1 everywhere.
  bool untouched(int32_t i) const { return alone(i) || keeps_weight_1(i); }
};

struct Plan {
  std::vector<int32_t> partner;
  std::vector<float> weight_in, weight_out, label_weight;
  std::vector<int32_t> box;
  std::vector<int32_t> mask_index;
  Extent mask_extent;
  std::vector<uint8_t> masks;  // one after the other

  explicit Plan(int32_t batch = 0)
      : partner(batch),
        weight_in(batch, 1.0f),
        weight_out(batch, 1.0f),
        label_weight(batch, 1.0f),
        box(4 * batch, 0),
        mask_index(batch, -1) {}
  int32_t batch() const { return static_cast<int32_t>(partner.size()); }
  int32_t mask_count() const {
    return masks.empty() ? 0 : static_cast<int32_t>(static_cast<int64_t>(masks.size()) / mask_extent.pixels());
  }
  PlanView view() const {
    return {batch(),
            partner.data(),
            weight_in.data(),
            weight_out.data(),
            box.data(),
            mask_index.data(),
            {masks.data(), mask_count(), mask_extent}};
  }
};

// Refuses partners out of range, weights outside [0, 1] or NaN, boxes outside height x width, missing masks, and
// samples with both a box and a mask. With `in_place`, also refuses repeated partners unless they come from another
// batch: only a permutation can be mixed without a copy.
void validate(const PlanView& plan, int64_t height, int64_t width, bool in_place);

// The cycles of a permutation: cycle c is order[begin[c]] ... order[begin[c + 1] - 1]. Each sample's partner is the
// next one in its cycle; the last one's is the first. Untouched samples are listed too.
struct Cycles {
  std::vector<int32_t> order;
  std::vector<int32_t> begin;
  int32_t count() const { return static_cast<int32_t>(begin.size()) - 1; }
};
bool is_permutation(const PlanView& plan);
bool has_any_mask(const PlanView& plan);
Cycles cycles_of(const PlanView& plan);

}  // namespace fastmix
