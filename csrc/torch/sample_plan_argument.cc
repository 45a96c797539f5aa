#include "sample_plan_argument.h"

namespace fastmix {

SamplePlanView sample_plan_view(const char* op, const Tensor& plan, int64_t batch) {
  check(plan.is_cpu() && plan.scalar_type() == ScalarType::Int && plan.dim() == 2 && plan.is_contiguous(), op,
        ": expected a sample plan as a contiguous int32 tensor (N, 16 + 4 K) on the CPU, for K operations per sample, "
        "got ",
        plan.is_contiguous() ? "" : "non-contiguous ", torch::headeronly::toString(plan.scalar_type()), " ",
        shape_of(plan), " on ", device_of(plan));
  const int64_t words = plan.size(1);
  check(words >= kSampleRowWords && (words - kSampleRowWords) % kOperationWords == 0 && words <= INT32_MAX, op,
        ": expected a sample plan of 16 + 4 K words per sample, for K operations, got ", words);
  check(plan.size(0) == batch, op, ": expected a sample plan for ", batch, " samples, got one for ", plan.size(0),
        "; draw the plan for this batch size");
  return {static_cast<const int32_t*>(plan.const_data_ptr()), static_cast<int32_t>(batch), static_cast<int32_t>(words)};
}

}  // namespace fastmix
