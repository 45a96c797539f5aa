// The walk of the CPU jobs. A job walks a cycle from partner to partner, so it reads every element from memory once:
// the image just read as a partner is the next own image and still in cache.
//
// One task mixes one tile (a range of elements) of all images of its cycles. Here a task mixes a tile of the cycle A ->
// B -> C -> A in place; A -> B means that B is A's partner:
//
//   turn   reads                    writes   in cache afterwards
//   0      A from memory            -        head = copy of A
//   1      A from cache, B memory   A        head, B     A is overwritten: only `head` still has its old value
//   2      B from cache, C memory   B        head, C     B was read as a partner in turn 1, before this write
//   3      C from cache, head       C        -           C's partner A comes from the head
//
// A job that writes to new memory overwrites nothing, so it needs no copy of A. Tasks mix different tiles, so they may
// run in any order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace fastmix {

// The cycles of the permutation of partners, grouped into bundles. A task mixes one bundle. A bundle has at least
// kBundle samples, except the last one. A plan with repeated partners has no cycles: `cyclic` is then false, and
// `cycles` lists each sample alone.
struct CpuWalk {
  static constexpr int32_t kBundle = 16;

  bool cyclic = true;
  Cycles cycles;
  std::vector<int32_t> bundle_begin;  // index of each bundle's first cycle, then the number of cycles

  explicit CpuWalk(const PlanView& plan) : cyclic(is_permutation(plan)) {
    if (cyclic) {
      cycles = cycles_of(plan);
    } else {
      for (int32_t i = 0; i < plan.batch; ++i) cycles.order.push_back(i);
      for (int32_t i = 0; i <= plan.batch; ++i) cycles.begin.push_back(i);
    }
    bundle_begin.push_back(0);
    for (int32_t c = 0; c < cycles.count(); ++c) {
      const int32_t samples = cycles.begin[c + 1] - cycles.begin[bundle_begin.back()];
      if (samples >= kBundle || c + 1 == cycles.count()) bundle_begin.push_back(c + 1);
    }
  }

  int64_t bundles() const { return static_cast<int64_t>(bundle_begin.size()) - 1; }
};

// Splits the elements [begin, end) of a sample into runs that lie wholly inside or outside the box. Calls visit(begin,
// end, inside) for each run, in ascending order. Element e is at pixel x = (e / pixel_stride) % width in row y = e /
// (pixel_stride * width) % height.
template <typename Visit>
void for_each_span(const int32_t* box, bool has_box, int64_t pixel_stride, int64_t width, int64_t height, int64_t begin,
                   int64_t end, Visit&& visit) {
  if (!has_box) {
    visit(begin, end, false);
    return;
  }
  const int64_t row_elements = width * pixel_stride;
  const int64_t left = box[1] * pixel_stride;
  const int64_t right = box[3] * pixel_stride;
  while (begin < end) {
    const int64_t row = begin / row_elements;
    const int64_t row_begin = row * row_elements;
    const int64_t row_end = std::min(end, row_begin + row_elements);
    const int64_t y = row % height;
    const bool crossed = y >= box[0] && y < box[2];
    const int64_t inside_begin = crossed ? std::clamp(row_begin + left, begin, row_end) : row_end;
    const int64_t inside_end = crossed ? std::clamp(row_begin + right, begin, row_end) : row_end;
    if (begin < inside_begin) visit(begin, inside_begin, false);
    if (inside_begin < inside_end) visit(inside_begin, inside_end, true);
    if (inside_end < row_end) visit(inside_end, row_end, false);
    begin = row_end;
  }
}

}  // namespace fastmix
