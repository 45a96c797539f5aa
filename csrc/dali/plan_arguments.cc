#include "plan_arguments.h"

#include <algorithm>

#include "base/error.h"
#include "policy_arguments.h"

namespace fastmix {

namespace {

constexpr int kBoxSides = 4;

// Equal to what the policies compute: weight_out for mixup, 1 - share of the box for CutMix.
float share_of_own(const Plan& plan, int i, int64_t height, int64_t width) {
  const int32_t* box = plan.box.data() + kBoxSides * i;
  const double taken = static_cast<double>(box[2] - box[0]) * (box[3] - box[1]);
  const double share = taken / (static_cast<double>(height) * static_cast<double>(width));
  const double outside = plan.weight_out[i];
  return static_cast<float>(outside - (outside - plan.weight_in[i]) * share);
}

}  // namespace

PlanArguments::PlanArguments(const dali::OpSpec& spec)
    : partner_("partner", spec),
      weight_in_("weight_in", spec),
      weight_out_("weight_out", spec),
      label_weight_("label_weight", spec),
      box_("box", spec) {
  const bool others = weight_in_.HasExplicitValue() || weight_out_.HasExplicitValue() ||
                      label_weight_.HasExplicitValue() || box_.HasExplicitValue();
  check(given() || !others, "mix: weight_in, weight_out, box and label_weight belong to a plan: expected partner too");
  check(!given() || !has_policy_arguments(spec),
        "mix: expected either a plan (partner, weight_in, weight_out, box, label_weight) or arguments of the policy "
        "that draws one (alpha, cutmix_alpha, switch_prob, prob, per, pairing), got both");
}

Plan PlanArguments::read(const dali::OpSpec& spec, const dali::ArgumentWorkspace& workspace, int batch, int64_t height,
                         int64_t width) {
  Plan plan(batch);
  partner_.Acquire(spec, workspace, batch);
  weight_in_.Acquire(spec, workspace, batch);
  weight_out_.Acquire(spec, workspace, batch);
  if (box_.HasExplicitValue()) box_.Acquire(spec, workspace, batch, dali::TensorShape<1>{kBoxSides});
  if (label_weight_.HasExplicitValue()) label_weight_.Acquire(spec, workspace, batch);
  for (int i = 0; i < batch; ++i) {
    plan.partner[i] = partner_[i].data[0];
    plan.weight_in[i] = weight_in_[i].data[0];
    plan.weight_out[i] = weight_out_[i].data[0];
    if (box_.HasExplicitValue()) std::copy_n(box_[i].data, kBoxSides, plan.box.data() + kBoxSides * i);
  }
  validate(plan.view(), height, width, /*in_place=*/false);
  for (int i = 0; i < batch; ++i) {
    plan.label_weight[i] =
        label_weight_.HasExplicitValue() ? label_weight_[i].data[0] : share_of_own(plan, i, height, width);
  }
  return plan;
}

}  // namespace fastmix
