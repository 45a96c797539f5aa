// Dense targets: row i = w * target(label[i]) + (1 - w) * target(label[partner[i]]), where w is label_weight[i] and
// target(k) is the smoothed one-hot row of class k.
#pragma once

#include <cstdint>

#include "base/job.h"
#include "plan/plan.h"

namespace fastmix {

// Turns class ids into dense float32 targets (batch, classes). `smoothing` is spread evenly over all classes.
struct MixLabelsParams {
  const int64_t* labels = nullptr;  // one class id per sample, on the device of `out`
  float* out = nullptr;             // batch rows of `classes` numbers
  int64_t classes = 0;
  double smoothing = 0.0;
  const int64_t* other = nullptr;  // class ids of the other batch that partners index (plan.others of them), or null
  PlanView plan;                   // only partner and label_weight are read
};

// Throws Error for a bad partner, weight, class count or smoothing. If labels_on_host, also throws for a label outside
// [0, classes).
void validate(const MixLabelsParams& params, bool labels_on_host);
void mix_labels_cpu(const MixLabelsParams& params);
// Rows with a label outside [0, classes) become NaN, because a check would have to wait for the device.
void mix_labels_cuda(const MixLabelsParams& params, CudaStream stream);

}  // namespace fastmix
