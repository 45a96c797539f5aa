// The mean own weight of a masked sample: what its label gets.
#pragma once

#include <cstdint>

#include "plan/plan.h"

namespace fastmix {

// The mean over the pixels of `image` of mask_weight(level, inside, outside), the very float32 numbers that the pixels
// are mixed with: pixels are counted level by level, so that only the last division and rounding are inexact. A mask
// of depth 1 is the same for every frame, see MaskView.
float mask_label_weight(const uint8_t* levels, const Extent& mask, const Extent& image, float inside, float outside);

}  // namespace fastmix
