#include "plan/plan_memory.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"

namespace fastmix {

namespace {

void put(unsigned char* to, const std::vector<uint32_t>& values) {
  if (!values.empty()) std::memcpy(to, values.data(), values.size() * sizeof(uint32_t));
}

}  // namespace

WalkOffsets reserve_walk(int64_t begin, int64_t entries, int64_t segments, int64_t bundles) {
  int64_t end = begin;
  const auto take = [&](int64_t count) {
    const int64_t offset = end;
    end += count * static_cast<int64_t>(sizeof(uint32_t));
    return static_cast<uint32_t>(offset);
  };
  WalkOffsets at;
  at.header = take(2);
  at.entries = take(entries);
  at.segments = take(segments + 1);
  at.bundle_begins = take(bundles + 1);
  at.successors = take(segments);
  check(end <= INT32_MAX, "fastmix: expected a plan that packs into less than 2^31 bytes, got ", end,
        "; use a smaller batch");
  at.end = static_cast<uint32_t>(end);
  return at;
}

void put_walk(unsigned char* to, const WalkOffsets& at, const GpuWalk& walk, bool has_box) {
  put(to + at.header, {walk.bundles(), has_box});
  put(to + at.entries, walk.entries);
  put(to + at.segments, walk.segment_begin);
  put(to + at.bundle_begins, walk.bundle_begin);
  put(to + at.successors, walk.successor);
}

ResidentLayout::ResidentLayout(int32_t batch) {
  grid_rows = static_cast<uint32_t>(std::max(1, (batch + kResidentEntriesPerBlock - 1) / kResidentEntriesPerBlock));
  in_place = reserve_walk(int64_t{batch} * sizeof(PlanRow), batch, batch, batch);
  out_of_place = reserve_walk(in_place.end, batch, batch, batch);
  rows = (out_of_place.end + int64_t{sizeof(PlanRow)} - 1) / int64_t{sizeof(PlanRow)};
}

void pack_resident_plan(const PlanView& plan, const uint8_t* mirror, int64_t height, int64_t width, unsigned char* to) {
  check(plan.others < 0,
        "ResidentPlan: expected partners from the same batch, got partners from another batch; use mix()");
  validate(plan, height, width, true);
  const ResidentLayout layout(plan.batch);
  const bool has_box = has_any_box(plan);
  if (plan.batch > 0) std::memcpy(to, static_cast<const void*>(plan.rows), plan.batch * sizeof(PlanRow));
  put_walk(to, layout.in_place, make_gpu_walk(plan, nullptr, Writes::kBlended, kResidentWarps), has_box);
  put_walk(to, layout.out_of_place, make_gpu_walk(plan, mirror, Writes::kAll, kResidentWarps), has_box);
}

}  // namespace fastmix
