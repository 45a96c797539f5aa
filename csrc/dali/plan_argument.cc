#include "plan_argument.h"

#include <cstring>

#include "base/error.h"
#include "policy_arguments.h"

namespace fastmix {

namespace {

constexpr int64_t kRowWords = sizeof(PlanRow) / sizeof(int32_t);

}  // namespace

PlanArgument::PlanArgument(const dali::OpSpec& spec) : rows_("plan", spec) {
  check(!given() || !has_policy_arguments(spec),
        "mix: expected either a plan or arguments of the policy that draws one (alpha, cutmix_alpha, switch_prob, "
        "prob, per, pairing), got both");
}

Plan PlanArgument::read(const dali::OpSpec& spec, const dali::ArgumentWorkspace& workspace, int batch, int64_t height,
                        int64_t width) {
  rows_.Acquire(spec, workspace, batch, dali::TensorShape<1>{kRowWords});
  Plan plan(batch);
  for (int i = 0; i < batch; ++i) std::memcpy(static_cast<void*>(&plan.rows[i]), rows_[i].data, sizeof(PlanRow));
  validate(plan.view(), height, width, /*in_place=*/false);
  return plan;
}

}  // namespace fastmix
