// A plan that stays in device memory, for CUDA graphs: what a captured launch depends on (sizes, offsets, blocks) is
// a function of the batch size alone, and everything that a plan decides is read from the memory at replay.
#pragma once

#include <cstdint>

#include "plan/gpu_walk.h"
#include "plan/plan.h"

namespace fastmix {

// Segments of one block. Groups beyond a grid's rows are walked by its blocks one after the other, so a grid that
// does not know the plan fits all of them: pairs take two turns, a random permutation about one.
constexpr int32_t kResidentWarps = kMaxWideWarps;
constexpr int32_t kResidentEntriesPerBlock = 4 * kResidentWarps;

// Byte offsets. The permutation bounds them all: a sample is an entry once, so there are at most `batch` entries,
// segments and groups.
struct ResidentLayout {
  struct Walk {
    uint32_t header;  // groups, and whether any sample has a box
    uint32_t entries, segments, group_begins, successors;
  };
  explicit ResidentLayout(int32_t batch);

  uint32_t grid_rows;
  uint32_t weights, boxes;
  Walk in_place, out_of_place;
  uint32_t label_entries, label_weights;
  uint32_t bytes;
};

// Writes the plan of a batch to `to`, of ResidentLayout(plan.batch).bytes. Refuses what `validate` refuses, repeated
// partners among it. `mirror` may be null (none).
void pack_resident_plan(const PlanView& plan, const uint8_t* mirror, int64_t height, int64_t width, unsigned char* to);

}  // namespace fastmix
