// The label weight of a masked sample: its mean own weight.
#pragma once

#include <cstdint>

#include "plan/plan.h"

namespace fastmix {

// Returns the mean of mask_weight(level, inside, outside), the float32 weight that kernels use, over the pixels of
// `image`. Adds one product per level, so the result does not depend on the order of pixels. A mask of depth 1 applies
// to every frame (see MaskArrays).
float mask_label_weight(const uint8_t* levels, const Extent& mask, const Extent& image, float inside, float outside);

}  // namespace fastmix
