// A plan in device memory: its rows and, behind them, one or more GpuWalks (the order in which warps visit the
// samples). A launch copies a large plan to the device in this form. A resident plan stays there between the replays of
// a CUDA graph.
#pragma once

#include <cstdint>

#include "plan/gpu_walk.h"
#include "plan/plan.h"

namespace fastmix {

// Byte offsets of a walk's arrays.
struct WalkOffsets {
  // Offset of two uint32_t: the number of bundles, and 1 if any sample has a box. If the two numbers were kernel
  // parameters, a captured launch would always replay those of the plan at capture.
  uint32_t header = 0;
  uint32_t entries = 0, segments = 0, bundle_begins = 0, successors = 0;  // arrays of uint32_t
  uint32_t end = 0;
};

// Reserves room for a walk's arrays from byte `begin` on.
WalkOffsets reserve_walk(int64_t begin, int64_t entries, int64_t segments, int64_t bundles);
void put_walk(unsigned char* to, const WalkOffsets& at, const GpuWalk& walk, bool has_box);

// The grid and the offsets of a captured launch depend only on the batch size, so that they fit every plan for this
// size. Kernels read everything else at replay. If a plan has more bundles than the grid has rows, a block walks
// several bundles in turn: two for a plan of pairs, about one for a random permutation.
constexpr int32_t kResidentWarps = kMaxWideWarps;
constexpr int32_t kResidentEntriesPerBlock = 4 * kResidentWarps;

// The layout of a resident plan: its rows, the walk for mixing in place, the walk for writing to new memory. A
// permutation has each sample once, so a walk has at most `batch` entries, segments and bundles.
struct ResidentLayout {
  explicit ResidentLayout(int32_t batch);

  uint32_t grid_rows;
  WalkOffsets in_place, out_of_place;
  int64_t rows;  // size of the plan and both walks, in rows of 64 bytes
};

// Writes the plan to `to`, 64 * ResidentLayout(plan.batch).rows bytes. Throws Error for plans that cannot be mixed in
// place. `mirror` may be null (no sample is mirrored).
void pack_resident_plan(const PlanView& plan, const uint8_t* mirror, int64_t height, int64_t width, unsigned char* to);

}  // namespace fastmix
