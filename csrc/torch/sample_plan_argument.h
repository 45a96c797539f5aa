// Reads the rows of a sample plan that an operator got as a tensor.
#pragma once

#include <cstdint>

#include "augment/sample_plan.h"
#include "stable.h"

namespace fastmix {

// Returns a view of the rows, without a copy. Throws Error for tensors of another form or batch size. validate() checks
// the contents.
SamplePlanView sample_plan_view(const char* op, const Tensor& plan, int64_t batch);

}  // namespace fastmix
