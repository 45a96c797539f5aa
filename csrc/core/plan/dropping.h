// The plan of the samples that stay when others drop out of a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace fastmix {

// Returns the plan of the samples `kept` (ascending), with their new indices as partners. A sample whose partner drops
// out stays unmixed. `plan` must mix a batch with itself.
Plan plan_of_kept(const Plan& plan, const std::vector<int32_t>& kept);

}  // namespace fastmix
