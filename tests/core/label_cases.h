// Class ids of a batch, for mix_labels.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "cases.h"
#include "labels/labels.h"

namespace fastmix::test {

struct LabelCase {
  LabelCase(Random& random, int32_t batch, int64_t classes, double smoothing)
      : plan(random_plan(random, batch, Pairs::kRepeats, Mixing::kNoBox, 1, 1)),
        labels(batch),
        out(std::make_unique<Memory>(batch * classes * sizeof(float), 0)) {
    for (int64_t& label : labels) label = static_cast<int64_t>(random() % classes);
    params.labels = labels.data();
    params.out = values();
    params.classes = classes;
    params.smoothing = smoothing;
    for (PlanRow& row : plan.rows) row.label_weight = row.weight_out;
    params.plan = plan.view();
  }
  float* values() const { return reinterpret_cast<float*>(out->data()); }
  // The rows, which become -1 for the next call.
  std::vector<float> take() {
    const std::vector<float> rows(values(), values() + out->size() / sizeof(float));
    std::fill_n(values(), rows.size(), -1.0f);
    return rows;
  }

  Plan plan;
  std::vector<int64_t> labels;
  std::unique_ptr<Memory> out;
  MixLabelsParams params;
};

}  // namespace fastmix::test
