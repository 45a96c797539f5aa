// Dense targets: row i = w * row(label_i) + (1 - w) * row(label_partner(i)). A pair of one class gets the sum of both
// weights, 1.
#pragma once

#include <cstdint>

#include "base/job.h"
#include "plan/plan.h"

namespace fastmix {

// Class ids in, dense float32 (batch, classes) out. `smoothing` is spread evenly over all classes:
// on = 1 - smoothing + smoothing / classes, off = smoothing / classes.
struct MixLabelsParams {
  const int64_t* labels = nullptr;  // batch ids, on the device of `out`
  float* out = nullptr;             // batch x classes
  int64_t classes = 0;
  double smoothing = 0.0;
  const int64_t* other = nullptr;  // plan.others labels of another batch, if partners are its rows
  PlanView plan;                   // the operator reads partner and label_weight
};

// Refuses a bad partner, weight, class count or smoothing, and on the host a label outside [0, classes).
void validate(const MixLabelsParams& params, bool labels_on_host);
void mix_labels_cpu(const MixLabelsParams& params);
// A label outside [0, classes) makes its rows NaN: a check would have to wait for the device.
void mix_labels_cuda(const MixLabelsParams& params, CudaStream stream);

}  // namespace fastmix
