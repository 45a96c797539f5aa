#include "reduced_region.h"

#include <utility>

namespace fastmix {

namespace {

int32_t reduced(int32_t side, int32_t reduction) { return (side + reduction - 1) / reduction; }

// The last reduced pixel may reach beyond the border. A flip puts it first and shifts all others by this overhang.
float overhang(int32_t side, int32_t reduction) {
  return static_cast<float>(reduced(side, reduction) * reduction - side) / static_cast<float>(reduction);
}

}  // namespace

int32_t reduction_for(const Window& window, Size out) {
  for (const int32_t reduction : {8, 4, 2}) {
    const float least = kLeastRatio * static_cast<float>(reduction);
    if (window.height >= least * out.height && window.width >= least * out.width) return reduction;
  }
  return 1;
}

ReducedRegion reduced_region(Filter filter, const Window& window, Size image, Size out, Turn turn, int32_t reduction) {
  const Size size = {reduced(image.height, reduction), reduced(image.width, reduction)};
  // Divisions by a power of two are exact: no position moves.
  const auto by = static_cast<float>(reduction);
  const Window small = {window.y / by + (turn.flip_y ? overhang(image.height, reduction) : 0.0f),
                        window.x / by + (turn.flip_x ? overhang(image.width, reduction) : 0.0f), window.height / by,
                        window.width / by};
  ReducedRegion result;
  result.region = seen_region(filter, small, size, out);
  result.window = within(small, result.region);
  Region& stored = result.stored = result.region;
  if (turn.flip_y) stored.y = size.height - stored.y - stored.height;
  if (turn.flip_x) stored.x = size.width - stored.x - stored.width;
  if (turn.transpose) {
    std::swap(stored.y, stored.x);
    std::swap(stored.height, stored.width);
  }
  return result;
}

}  // namespace fastmix
