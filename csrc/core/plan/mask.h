// The label weight of a masked sample: its mean own weight.
#pragma once

#include <cstdint>

#include "plan/plan.h"

namespace fastmix {

// The mean of mask_weight(level, inside, outside) over the pixels of `image`: the float32 weights that the kernels use.
// Counts the pixels of each level, so only the sum's last rounding and the division are inexact. A mask of depth 1
// applies to every frame (see MaskArrays).
float mask_label_weight(const uint8_t* levels, const Extent& mask, const Extent& image, float inside, float outside);

}  // namespace fastmix
