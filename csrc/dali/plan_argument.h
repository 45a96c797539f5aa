// The arguments `plan` and `masks`: the caller's plan, one row of 16 words per sample, and the masks of the samples
// that have one.
#pragma once

#include <cstdint>

#include "dali/pipeline/operator/arg_helper.h"
#include "plan/plan.h"

namespace fastmix {

class PlanArgument {
 public:
  explicit PlanArgument(const dali::OpSpec& spec);

  bool given() const { return rows_.HasExplicitValue(); }
  // Returns the plan with masks numbered by sample, checked against images of height x width.
  Plan read(const dali::OpSpec& spec, const dali::ArgumentWorkspace& workspace, int batch, int64_t height,
            int64_t width);

 private:
  void read_masks(Plan& plan, const dali::TensorList<dali::CPUBackend>& masks) const;

  dali::ArgValue<int, 1> rows_;
  const bool has_masks_;
};

}  // namespace fastmix
