// The operator's own policy: alpha, cutmix_alpha, switch_prob, prob, per and pairing as a Choice.
#pragma once

#include "dali/pipeline/operator/op_spec.h"
#include "plan/policy.h"

namespace fastmix {

// True when any argument of the policy is given explicitly.
bool has_policy_arguments(const dali::OpSpec& spec);

// Validated. Both alphas 0 give a choice that never mixes.
Choice read_policy(const dali::OpSpec& spec);

}  // namespace fastmix
