// Reads a sample's mask row by row, at the resolution of its image.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "formula/mix_math.h"
#include "plan/plan.h"

namespace fastmix {

class MaskRows {
 public:
  // An image row has width * repeat elements: `repeat` interleaved channels per pixel.
  MaskRows(const PlanView& plan, int64_t repeat, int64_t width, int64_t height, int64_t depth)
      : levels_(plan.mask.levels),
        mask_(plan.mask.extent),
        repeat_(repeat),
        width_(width),
        height_(height),
        depth_(depth) {
    if (!has_any_mask(plan)) return;
    for (int64_t cell = 1; cell <= mask_.width; ++cell) {
      ends_.push_back((cell * width + mask_.width - 1) / mask_.width * repeat);
    }
  }

  // `levels` is the mask row at address `of`, stretched to the length of an image row. A thread keeps both, because
  // neighbouring image rows often read the same mask row.
  struct Scratch {
    std::vector<uint8_t> levels;
    const uint8_t* of = nullptr;
  };

  // Returns the levels of image row `row`. Rows are numbered through all frames and channels of a sample. The levels
  // are valid until the next call with this scratch.
  const uint8_t* row(int32_t index, int64_t row, Scratch& scratch) const {
    const int64_t y = row % height_ * mask_.height / height_;
    const int64_t t = row / height_ % depth_ * mask_.depth / depth_;
    const uint8_t* cells = levels_ + index * mask_.pixels() + (t * mask_.height + y) * mask_.width;
    if (repeat_ == 1 && mask_.width == width_) return cells;
    if (scratch.of == cells) return scratch.levels.data();
    scratch.levels.resize(width_ * repeat_);
    scratch.of = cells;
    int64_t at = 0;
    for (int64_t cell = 0; cell < mask_.width; ++cell) {
      for (; at < ends_[cell]; ++at) scratch.levels[at] = cells[cell];
    }
    return scratch.levels.data();
  }

 private:
  const uint8_t* levels_;
  const Extent mask_;
  const int64_t repeat_, width_, height_, depth_;
  std::vector<int64_t> ends_;  // for each cell of a mask row: where it ends, as an index into an image row
};

// Splits levels[0, n) into parts and visits them in ascending order. Calls visit(begin, end, 0) if all weights of the
// part are 0, visit(begin, end, 1) if all are 1, and visit(begin, end, -1) otherwise. A part consists of blocks of 64
// elements, because copying fewer is not worth the call.
template <typename Visit>
void for_each_weight_run(const uint8_t* levels, int64_t n, float inside, float outside, const Visit& visit) {
  constexpr int64_t kBlock = 64;
  const auto weight_of = [&](int64_t begin, int64_t end) {
    const bool uniform = std::memcmp(levels + begin, levels + begin + 1, end - begin - 1) == 0;
    const float weight = uniform ? mask_weight(levels[begin], inside, outside) : -1.0f;
    return weight == 0.0f || weight == 1.0f ? weight : -1.0f;
  };
  int64_t begin = 0;
  float weight = 0.0f;
  for (int64_t at = 0; at < n; at += kBlock) {
    const float here = weight_of(at, std::min(n, at + kBlock));
    if (at > 0 && here != weight) {
      visit(begin, at, weight);
      begin = at;
    }
    weight = here;
  }
  if (begin < n) visit(begin, n, weight);
}

}  // namespace fastmix
