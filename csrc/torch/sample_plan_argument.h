// Reads a sample plan, which operators receive as a tensor of rows.
#pragma once

#include <cstdint>

#include "augment/sample_plan.h"
#include "stable.h"

namespace fastmix {

// Returns a view of the rows, without a copy. Throws Error if the dtype, the device, the shape or the batch size is
// wrong. Does not check the contents of the rows; validate() does.
SamplePlanView sample_plan_view(const char* op, const Tensor& plan, int64_t batch);

}  // namespace fastmix
