// The argument `plan`: the caller's plan, one row of 16 words per sample.
#pragma once

#include <cstdint>

#include "dali/pipeline/operator/arg_helper.h"
#include "plan/plan.h"

namespace fastmix {

class PlanArgument {
 public:
  explicit PlanArgument(const dali::OpSpec& spec);

  bool given() const { return rows_.HasExplicitValue(); }
  // Checked against images of height x width.
  Plan read(const dali::OpSpec& spec, const dali::ArgumentWorkspace& workspace, int batch, int64_t height,
            int64_t width);

 private:
  dali::ArgValue<int, 1> rows_;
};

}  // namespace fastmix
