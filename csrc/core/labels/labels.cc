#include "labels/labels.h"

#include "base/error.h"
#include "formula/label_math.h"

namespace fastmix {

namespace {

void check_labels(const int64_t* labels, int32_t count, int64_t classes) {
  for (int32_t i = 0; i < count; ++i) {
    check(labels[i] >= 0 && labels[i] < classes, "mix_labels: expected labels in [0, ", classes, "), got ", labels[i],
          " for sample ", i);
  }
}

}  // namespace

void validate(const MixLabelsParams& params, bool labels_on_host) {
  check(params.classes > 0, "mix_labels: expected num_classes > 0, got ", params.classes);
  check(params.smoothing >= 0.0 && params.smoothing < 1.0, "mix_labels: expected smoothing in [0, 1), got ",
        params.smoothing);
  const PlanView& plan = params.plan;
  if (plan.resident != nullptr) return;
  check_rows(plan);
  for (int32_t i = 0; i < plan.batch; ++i) {
    const int32_t partner = plan.rows[i].partner;
    check(partner >= 0 && partner < plan.partners(), "mix_labels: expected partner in [0, ", plan.partners(), "), got ",
          partner, " for sample ", i);
    const float weight = plan.rows[i].label_weight;
    check(weight >= 0.0f && weight <= 1.0f, "mix_labels: expected label_weight in [0, 1], got ", weight, " for sample ",
          i);
  }
  if (!labels_on_host) return;
  check_labels(params.labels, plan.batch, params.classes);
  if (params.other != nullptr) check_labels(params.other, plan.others, params.classes);
}

void mix_labels_cpu(const MixLabelsParams& params) {
  const auto [on, off] = smoothed(params.smoothing, params.classes);
  const int64_t* const partners = params.other != nullptr ? params.other : params.labels;
  for (int32_t i = 0; i < params.plan.batch; ++i) {
    const int64_t own = params.labels[i];
    const int64_t partner = partners[params.plan.rows[i].partner];
    const float weight = params.plan.rows[i].label_weight;
    float* row = params.out + i * params.classes;
    // At most two columns differ from `off`, so this fills the row first and then sets these two.
    const float rest = static_cast<float>(off);
    for (int64_t column = 0; column < params.classes; ++column) row[column] = rest;
    row[own] = target_cell(own, own, partner, weight, on, off);
    row[partner] = target_cell(partner, own, partner, weight, on, off);
  }
}

}  // namespace fastmix
