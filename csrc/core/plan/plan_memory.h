// A plan in device memory: its rows and, behind them, one or more walks. Large plans are uploaded in this form, and a
// resident plan keeps it between the replays of a CUDA graph.
#pragma once

#include <cstdint>

#include "plan/gpu_walk.h"
#include "plan/plan.h"

namespace fastmix {

// Byte offsets of a walk's arrays.
struct WalkOffsets {
  uint32_t header = 0;  // uint32_t {bundles, 1 if any sample has a box}: a captured launch would freeze them
  uint32_t entries = 0, segments = 0, bundle_begins = 0, successors = 0;  // all uint32_t
  uint32_t end = 0;
};

// Reserves room from `begin` on.
WalkOffsets reserve_walk(int64_t begin, int64_t entries, int64_t segments, int64_t bundles);
void put_walk(unsigned char* to, const WalkOffsets& at, const GpuWalk& walk, bool has_box);

// A captured launch's sizes, offsets and blocks depend on the batch size alone; kernels read all else at replay.
// One grid fits every plan: if there are more bundles than grid rows, a block walks several bundles in turn. Pairs take
// two turns, a random permutation about one.
constexpr int32_t kResidentWarps = kMaxWideWarps;
constexpr int32_t kResidentEntriesPerBlock = 4 * kResidentWarps;

// The rows come first. A permutation has each sample once, so there are at most `batch` entries, segments and bundles.
struct ResidentLayout {
  explicit ResidentLayout(int32_t batch);

  uint32_t grid_rows;
  WalkOffsets in_place, out_of_place;
  int64_t rows;  // of 64 bytes, the walks included
};

// Writes the plan to `to`, 64 * ResidentLayout(plan.batch).rows bytes. Refuses the same plans as `validate` in place.
// `mirror` may be null (no sample is mirrored).
void pack_resident_plan(const PlanView& plan, const uint8_t* mirror, int64_t height, int64_t width, unsigned char* to);

}  // namespace fastmix
