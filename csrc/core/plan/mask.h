// The label weight of a masked sample: the mean weight of its own image.
#pragma once

#include <cstdint>

#include "plan/plan.h"

namespace fastmix {

// Returns the mean of mask_weight(level, inside, outside), the float32 weight that kernels use, over the pixels of
// `image`. For each level, it adds the number of pixels times the weight, so the order of pixels does not matter. A
// mask of depth 1 applies to every frame (see MaskArrays).
float mask_label_weight(const uint8_t* levels, const Extent& mask, const Extent& image, float inside, float outside);

}  // namespace fastmix
