#include "plan/mask.h"

#include <vector>

#include "base/error.h"
#include "formula/mix_math.h"

namespace fastmix {

namespace {

// Along one side, a mask has `cells` cells and the image has `length` pixels. For each cell, counts the pixels that
// take its level.
std::vector<int64_t> shares(int32_t cells, int32_t length) {
  std::vector<int64_t> counts(cells, 0);
  for (int64_t at = 0; at < length; ++at) ++counts[at * cells / length];
  return counts;
}

}  // namespace

float mask_label_weight(const uint8_t* levels, const Extent& mask, const Extent& image, float inside, float outside) {
  check(mask.pixels() > 0 && image.pixels() > 0, "mask: expected frames, height and width > 0 of mask and image, got ",
        mask.depth, ", ", mask.height, " and ", mask.width, " of the mask, ", image.depth, ", ", image.height, " and ",
        image.width, " of the image");
  const std::vector<int64_t> frames = shares(mask.depth, image.depth);
  const std::vector<int64_t> rows = shares(mask.height, image.height);
  const std::vector<int64_t> columns = shares(mask.width, image.width);
  int64_t pixels[256] = {};
  for (int32_t t = 0; t < mask.depth; ++t) {
    for (int32_t y = 0; y < mask.height; ++y) {
      const int64_t repeats = frames[t] * rows[y];
      for (int32_t x = 0; x < mask.width; ++x) pixels[*levels++] += repeats * columns[x];
    }
  }
  double sum = 0.0;
  for (int level = 0; level < 256; ++level) {
    sum += static_cast<double>(pixels[level]) * mask_weight(static_cast<uint8_t>(level), inside, outside);
  }
  return static_cast<float>(sum / static_cast<double>(image.pixels()));
}

}  // namespace fastmix
