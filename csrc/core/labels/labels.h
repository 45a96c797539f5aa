// Soft targets: row i = w * row(label_i) + (1 - w) * row(label_partner(i)), accumulated, so that a pair of
// one class sums to 1.
#pragma once

#include <cstdint>

#include "base/job.h"
#include "plan/plan.h"

namespace fastmix {

// Class ids in, dense float32 (batch, classes) out. Smoothing spreads `smoothing` evenly over all classes:
// on = 1 - smoothing + smoothing / classes, off = smoothing / classes.
struct MixLabelsParams {
  const int64_t* labels = nullptr;  // batch ids, on the device of `out`
  float* out = nullptr;             // batch x classes
  int64_t classes = 0;
  double smoothing = 0.0;
  const int64_t* other = nullptr;  // the labels of another batch, plan.others of them, whose rows are the partners
  PlanView plan;                   // partner and label_weight are read
  const void* resident = nullptr;  // on CUDA: the plan in device memory (resident_plan.h); of `plan` the batch size
};

// Refuses a bad partner, weight, class count or smoothing; on the host also a label outside [0, classes).
void validate(const MixLabelsParams& params, bool labels_on_host);
void mix_labels_cpu(const MixLabelsParams& params);
// A label outside [0, classes) makes its rows NaN: checking it here would have to wait for the device.
void mix_labels_cuda(const MixLabelsParams& params, CudaStream stream);

}  // namespace fastmix
