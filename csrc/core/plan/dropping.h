// The plan of the samples that stay when others drop out of a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace fastmix {

// The rows of the samples `kept` (ascending), with partners among them. Samples whose partner drops out stay unmixed.
// The plan mixes a batch with itself.
Plan plan_of_kept(const Plan& plan, const std::vector<int32_t>& kept);

}  // namespace fastmix
