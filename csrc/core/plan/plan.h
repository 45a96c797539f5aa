// The plan of one batch: each sample's partner and the weights of its own image. Operators apply plans and draw no
// random numbers.
#pragma once

#include <cstdint>
#include <vector>

namespace fastmix {

// The first word of a row: "FM", the version of the layout, and the kind of the row.
constexpr int32_t kPlanVersion = 1;
constexpr int32_t row_header(int32_t kind) { return 'F' << 24 | 'M' << 16 | kPlanVersion << 8 | kind; }
constexpr int32_t kPairHeader = row_header(1);
constexpr int32_t kMultiwayHeader = row_header(2);

struct Extent {
  int32_t depth = 1, height = 0, width = 0;
  int64_t pixels() const { return static_cast<int64_t>(depth) * height * width; }
};

// `count` masks of one size: depth * height * width bytes each. They lie on the images' device, in memory that the
// caller owns. Kernels stretch a mask over the image by nearest neighbour: pixel (t, y, x) of an image (D, H, W) takes
// the level at (t * depth / D, y * height / H, x * width / W). A mask of depth 1 applies to every frame.
struct MaskArrays {
  const uint8_t* levels = nullptr;
  int32_t count = 0;
  Extent extent;
};

// One sample of a plan that mixes two images: 64 bytes, the same in memory, in files and on every device. Words are
// little-endian; spare words are zero.
struct alignas(64) PlanRow {
  int32_t header = kPairHeader;
  int32_t partner = 0;
  float weight_in = 1.0f;   // own weight inside the box, or where the mask is 255
  float weight_out = 1.0f;  // own weight outside the box, or where the mask is 0
  int32_t box[4] = {};      // (y0, x0, y1, x1), with y1 and x1 exclusive; zeros if there is no box
  float label_weight = 1.0f;
  int32_t mask = -1;  // index of the mask that weights the sample's pixels; -1 for none
  int32_t spare[6] = {};

  bool has_box() const { return box[2] > box[0] && box[3] > box[1]; }
  bool keeps_weight_1() const { return weight_out == 1.0f && (weight_in == 1.0f || (!has_box() && mask < 0)); }
};
static_assert(sizeof(PlanRow) == 64);

// A plan in memory that the caller owns. The rows lie on the host or, as a resident plan for CUDA kernels, on the
// device. The masks lie on the device of the images.
struct PlanView {
  int32_t batch = 0;
  const PlanRow* rows = nullptr;
  const void* resident = nullptr;  // a resident plan (plan_memory.h), instead of `rows`; the host cannot check it
  MaskArrays mask;
  int32_t others = -1;  // the size of the other batch that partners index; negative if they index this batch

  int32_t partners() const { return others < 0 ? batch : others; }
  bool alone(int32_t i) const { return others < 0 && rows[i].partner == i; }
  // True if mixing keeps the sample's bytes: it is its own partner, or its weight is 1 everywhere.
  bool untouched(int32_t i) const { return alone(i) || rows[i].keeps_weight_1(); }
};

struct Plan {
  std::vector<PlanRow> rows;
  Extent mask_extent;
  std::vector<uint8_t> masks;  // all masks, one after the other

  explicit Plan(int32_t batch = 0) : rows(batch) {}
  int32_t batch() const { return static_cast<int32_t>(rows.size()); }
  int32_t mask_count() const {
    return masks.empty() ? 0 : static_cast<int32_t>(static_cast<int64_t>(masks.size()) / mask_extent.pixels());
  }
  PlanView view() const {
    PlanView view;
    view.batch = batch();
    view.rows = rows.data();
    view.mask = {masks.data(), mask_count(), mask_extent};
    return view;
  }
};

// Throws Error for a row of another kind or of another layout version.
void check_rows(const PlanView& plan);

// Throws Error for rows of another kind or version, partners out of range, weights outside [0, 1] or NaN, boxes outside
// height x width, missing masks, and samples with both a box and a mask. With `in_place`, repeated partners of this
// batch are an error too: only a permutation can be mixed without a copy.
void validate(const PlanView& plan, int64_t height, int64_t width, bool in_place);

// The cycles of a permutation: cycle c is order[begin[c]] ... order[begin[c + 1] - 1]. Each sample's partner is the
// next one in its cycle; the partner of the last one is the first. Cycles contain untouched samples too.
struct Cycles {
  std::vector<int32_t> order;
  std::vector<int32_t> begin;
  int32_t count() const { return static_cast<int32_t>(begin.size()) - 1; }
};
bool is_permutation(const PlanView& plan);
bool has_any_mask(const PlanView& plan);  // for a resident plan: whether it has room for masks
bool has_any_box(const PlanView& plan);   // true for every resident plan: a later one may have boxes
Cycles cycles_of(const PlanView& plan);

}  // namespace fastmix
