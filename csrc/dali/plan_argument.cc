#include "plan_argument.h"

#include <cstring>

#include "base/error.h"
#include "dali/core/tensor_shape_print.h"
#include "policy_arguments.h"

namespace fastmix {

namespace {

constexpr int64_t kRowWords = sizeof(PlanRow) / sizeof(int32_t);

}  // namespace

PlanArgument::PlanArgument(const dali::OpSpec& spec)
    : rows_("plan", spec), has_masks_(spec.HasTensorArgument("masks")) {
  check(!given() || !has_policy_arguments(spec),
        "mix: expected either a plan or arguments of the policy that draws one (alpha, cutmix_alpha, switch_prob, "
        "prob, per, pairing), got both");
  check(!spec.HasArgument("masks"), "mix: expected masks as a node with one mask per sample, got a constant");
  check(!has_masks_ || given(), "mix: expected masks together with the plan that refers to them, got masks alone");
}

Plan PlanArgument::read(const dali::OpSpec& spec, const dali::ArgumentWorkspace& workspace, int batch, int64_t height,
                        int64_t width) {
  rows_.Acquire(spec, workspace, batch, dali::TensorShape<1>{kRowWords});
  Plan plan(batch);
  for (int i = 0; i < batch; ++i) std::memcpy(static_cast<void*>(&plan.rows[i]), rows_[i].data, sizeof(PlanRow));
  if (has_masks_) read_masks(plan, workspace.ArgumentInput("masks"));
  validate(plan.view(), height, width, /*in_place=*/false);
  return plan;
}

// Rows refer to masks by number. Here sample i comes with its own, so that the number is i's place among them.
void PlanArgument::read_masks(Plan& plan, const dali::TensorList<dali::CPUBackend>& masks) const {
  check(masks.type() == DALI_UINT8, "mix: expected masks of type UINT8, got ", dali::TypeName(masks.type()));
  int32_t count = 0;
  for (int i = 0; i < plan.batch(); ++i) {
    const dali::TensorShape<>& shape = masks.tensor_shape(i);
    if (plan.rows[i].mask < 0) continue;
    check((shape.size() == 2 || shape.size() == 3) && dali::volume(shape) > 0,
          "mix: expected a mask (h, w) or (frames, h, w) for sample ", i, ", whose row has one, got shape (",
          dali::to_string(shape), ")");
    const bool frames = shape.size() == 3;
    const Extent extent = {static_cast<int32_t>(frames ? shape[0] : 1), static_cast<int32_t>(shape[shape.size() - 2]),
                           static_cast<int32_t>(shape[shape.size() - 1])};
    if (count == 0) plan.mask_extent = extent;
    check(extent.depth == plan.mask_extent.depth && extent.height == plan.mask_extent.height &&
              extent.width == plan.mask_extent.width,
          "mix: expected masks of one shape, got (", dali::to_string(shape), ") for sample ", i,
          " and another before it");
    const auto* levels = masks.tensor<uint8_t>(i);
    plan.masks.insert(plan.masks.end(), levels, levels + extent.pixels());
    plan.rows[i].mask = count++;
  }
}

}  // namespace fastmix
