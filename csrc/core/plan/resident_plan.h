// A plan that stays in device memory, for CUDA graphs. A captured launch's sizes, offsets and blocks depend on the
// batch size alone. Kernels read everything else from that memory at replay.
#pragma once

#include <cstdint>

#include "plan/gpu_walk.h"
#include "plan/plan.h"

namespace fastmix {

// Segments of one block. If there are more groups than grid rows, a block walks several groups in turn, so one grid
// fits every plan: pairs take two turns, a random permutation about one.
constexpr int32_t kResidentWarps = kMaxWideWarps;
constexpr int32_t kResidentEntriesPerBlock = 4 * kResidentWarps;

// Byte offsets. A permutation has each sample once, so there are at most `batch` entries, segments and groups.
struct ResidentLayout {
  struct Walk {
    uint32_t header;  // the number of groups, and 1 if any sample has a box
    uint32_t entries, segments, group_begins, successors;
  };
  explicit ResidentLayout(int32_t batch);

  uint32_t grid_rows;
  uint32_t weights, boxes;
  Walk in_place, out_of_place;
  uint32_t label_entries, label_weights;
  uint32_t bytes;
};

// Writes the plan to `to`, which has ResidentLayout(plan.batch).bytes. Refuses the same plans as `validate` in place.
// `mirror` may be null (no sample is mirrored).
void pack_resident_plan(const PlanView& plan, const uint8_t* mirror, int64_t height, int64_t width, unsigned char* to);

}  // namespace fastmix
