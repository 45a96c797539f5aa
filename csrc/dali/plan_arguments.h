// The plan given by the caller, one entry per sample: partner, weight_in, weight_out, box, label_weight.
#pragma once

#include <cstdint>

#include "dali/pipeline/operator/arg_helper.h"
#include "plan/plan.h"

namespace fastmix {

class PlanArguments {
 public:
  explicit PlanArguments(const dali::OpSpec& spec);

  bool given() const { return partner_.HasExplicitValue(); }
  // Checked against images of height x width. A label weight that is not given is the exact share of own pixels.
  Plan read(const dali::OpSpec& spec, const dali::ArgumentWorkspace& workspace, int batch, int64_t height,
            int64_t width);

 private:
  dali::ArgValue<int> partner_;
  dali::ArgValue<float> weight_in_, weight_out_, label_weight_;
  dali::ArgValue<int, 1> box_;
};

}  // namespace fastmix
