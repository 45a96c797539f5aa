#include "plan/resident_plan.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "plan/gpu_walk.h"

namespace fastmix {

namespace {

class Offsets {
 public:
  uint32_t take(int64_t bytes) {
    const int64_t offset = end_;
    end_ = (end_ + bytes + 15) / 16 * 16;
    check(end_ <= INT32_MAX, "ResidentPlan: expected a plan that packs into less than 2^31 bytes, got at least ", end_,
          "; use a smaller batch");
    return static_cast<uint32_t>(offset);
  }
  uint32_t end() const { return static_cast<uint32_t>(end_); }

 private:
  int64_t end_ = 0;
};

ResidentLayout::Walk take_walk(Offsets& offsets, int64_t batch) {
  ResidentLayout::Walk walk{};
  walk.header = offsets.take(2 * sizeof(uint32_t));
  walk.entries = offsets.take(batch * sizeof(uint32_t));
  walk.segments = offsets.take((batch + 1) * sizeof(uint32_t));
  walk.group_begins = offsets.take((batch + 1) * sizeof(uint32_t));
  walk.successors = offsets.take(batch);
  return walk;
}

template <typename T>
void put(unsigned char* to, const std::vector<T>& values) {
  if (!values.empty()) std::memcpy(to, values.data(), values.size() * sizeof(T));
}

void put_walk(unsigned char* to, const ResidentLayout::Walk& at, const GpuWalk& walk, bool has_box) {
  put(to + at.header, std::vector<uint32_t>{walk.groups(), has_box});
  put(to + at.entries, walk.entries);
  put(to + at.segments, walk.segment_begin);
  put(to + at.group_begins, walk.group_begin);
  put(to + at.successors, std::vector<uint8_t>(walk.successor.begin(), walk.successor.end()));
}

}  // namespace

ResidentLayout::ResidentLayout(int32_t batch) {
  Offsets offsets;
  grid_rows = static_cast<uint32_t>(std::max(1, (batch + kResidentEntriesPerBlock - 1) / kResidentEntriesPerBlock));
  weights = offsets.take(int64_t{batch} * 2 * sizeof(float));
  boxes = offsets.take(int64_t{batch} * 4 * sizeof(int32_t));
  in_place = take_walk(offsets, batch);
  out_of_place = take_walk(offsets, batch);
  label_entries = offsets.take(int64_t{batch} * sizeof(uint32_t));
  label_weights = offsets.take(int64_t{batch} * 2 * sizeof(float));
  bytes = offsets.end();
}

void pack_resident_plan(const PlanView& plan, const uint8_t* mirror, int64_t height, int64_t width, unsigned char* to) {
  check(!has_any_mask(plan) && plan.others < 0,
        "ResidentPlan: expected a plan without masks and without another batch, got one with; apply it with mix_()");
  validate(plan, height, width, true);
  const ResidentLayout layout(plan.batch);
  std::vector<uint8_t> mixes(plan.batch), normalizes(plan.batch);
  std::vector<float> weights, label_weights;
  std::vector<int32_t> boxes;
  std::vector<uint32_t> partners;
  bool has_box = false;
  for (int32_t i = 0; i < plan.batch; ++i) {
    mixes[i] = !plan.untouched(i);
    // normalize_mix applies the formula to a sample that is its own partner too.
    normalizes[i] = !plan.rows[i].keeps_weight_1();
    has_box = has_box || plan.rows[i].has_box();
    weights.insert(weights.end(), {plan.rows[i].weight_in, plan.rows[i].weight_out});
    label_weights.insert(label_weights.end(), {plan.rows[i].label_weight, plan.rows[i].label_weight});
    boxes.insert(boxes.end(), plan.rows[i].box, plan.rows[i].box + 4);
    partners.push_back(static_cast<uint32_t>(plan.rows[i].partner) << kFlagBits);
  }
  put(to + layout.weights, weights);
  put(to + layout.boxes, boxes);
  put_walk(to, layout.in_place, make_gpu_walk(plan, mixes, nullptr, Writes::kBlended, kResidentWarps), has_box);
  put_walk(to, layout.out_of_place, make_gpu_walk(plan, normalizes, mirror, Writes::kAll, kResidentWarps), has_box);
  put(to + layout.label_entries, partners);
  put(to + layout.label_weights, label_weights);
}

}  // namespace fastmix
