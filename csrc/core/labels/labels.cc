#include "labels/labels.h"

#include "base/error.h"
#include "formula/label_math.h"

namespace fastmix {

void validate(const MixLabelsParams& params, bool labels_on_host) {
  check(params.classes > 0, "mix_labels: expected num_classes > 0, got ", params.classes);
  check(params.smoothing >= 0.0 && params.smoothing < 1.0, "mix_labels: expected smoothing in [0, 1), got ",
        params.smoothing);
  const int32_t rows = params.rows < 0 ? params.batch : params.rows;
  for (int32_t i = 0; i < params.batch; ++i) {
    check(params.partner[i] >= 0 && params.partner[i] < rows, "mix_labels: expected partner in [0, ", rows, "), got ",
          params.partner[i], " for sample ", i);
    const float weight = params.label_weight[i];
    check(weight >= 0.0f && weight <= 1.0f, "mix_labels: expected label_weight in [0, 1], got ", weight, " for sample ",
          i);
  }
  for (int32_t i = 0; labels_on_host && i < rows; ++i) {
    const int64_t label = params.labels[i];
    check(label >= 0 && label < params.classes, "mix_labels: expected labels in [0, ", params.classes, "), got ", label,
          " for sample ", i);
  }
}

void mix_labels_cpu(const MixLabelsParams& params) {
  const double off = params.smoothing / static_cast<double>(params.classes);
  const double on = 1.0 - params.smoothing + off;
  for (int32_t i = 0; i < params.batch; ++i) {
    const int64_t own = params.labels[i];
    const int64_t partner = params.labels[params.partner[i]];
    const float weight = params.label_weight[i];
    float* row = params.out + i * params.classes;
    // At most two columns differ from `off`, so fill the row first and then set these two.
    const float rest = static_cast<float>(off);
    for (int64_t column = 0; column < params.classes; ++column) row[column] = rest;
    row[own] = target_cell(own, own, partner, weight, on, off);
    row[partner] = target_cell(partner, own, partner, weight, on, off);
  }
}

}  // namespace fastmix
