// A plan in device memory: its rows and, behind them, one or more walks. A launch copies a large plan to the device in
// this form. A resident plan stays there between the replays of a CUDA graph.
#pragma once

#include <cstdint>

#include "plan/gpu_walk.h"
#include "plan/plan.h"

namespace fastmix {

// Byte offsets of a walk's arrays.
struct WalkOffsets {
  // uint32_t {bundles, 1 if any sample has a box}. Not kernel parameters: a captured launch would always replay the
  // first plan's.
  uint32_t header = 0;
  uint32_t entries = 0, segments = 0, bundle_begins = 0, successors = 0;  // arrays of uint32_t
  uint32_t end = 0;
};

// Reserves room from `begin` on.
WalkOffsets reserve_walk(int64_t begin, int64_t entries, int64_t segments, int64_t bundles);
void put_walk(unsigned char* to, const WalkOffsets& at, const GpuWalk& walk, bool has_box);

// The grid and offsets of a captured launch depend only on the batch size, so they fit every plan; kernels read the
// rest at replay. If a plan has more bundles than the grid has rows, a block walks several bundles in turn: two for a
// plan of pairs, about one for a random permutation.
constexpr int32_t kResidentWarps = kMaxWideWarps;
constexpr int32_t kResidentEntriesPerBlock = 4 * kResidentWarps;

// The rows come first. A permutation has each sample once, so there are at most `batch` entries, segments and bundles.
struct ResidentLayout {
  explicit ResidentLayout(int32_t batch);

  uint32_t grid_rows;
  WalkOffsets in_place, out_of_place;
  int64_t rows;  // rows of 64 bytes that the plan and both walks take
};

// Writes the plan to `to`, 64 * ResidentLayout(plan.batch).rows bytes. Refuses the same plans as `validate` in place.
// `mirror` may be null (no sample is mirrored).
void pack_resident_plan(const PlanView& plan, const uint8_t* mirror, int64_t height, int64_t width, unsigned char* to);

}  // namespace fastmix
