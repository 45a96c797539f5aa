#include "plan/plan.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace fastmix {

namespace {

void check_weight(const char* name, int32_t sample, float weight) {
  check(weight >= 0.0f && weight <= 1.0f, "plan: expected ", name, " in [0, 1], got ", weight, " for sample ", sample);
}

void check_box(const PlanView& plan, int32_t sample, int64_t height, int64_t width) {
  const int32_t* box = plan.rows[sample].box;
  check(box[0] >= 0 && box[1] >= 0 && box[0] <= box[2] && box[1] <= box[3] && box[2] <= height && box[3] <= width,
        "plan: expected box (y0, x0, y1, x1) within height ", height, " and width ", width, ", got (", box[0], ", ",
        box[1], ", ", box[2], ", ", box[3], ") for sample ", sample, "; draw the plan for images of this size");
}

void check_mask(const PlanView& plan, int32_t sample) {
  const int32_t mask = plan.rows[sample].mask;
  check(mask >= -1 && mask < plan.mask.count, "plan: expected mask_index in [-1, ", plan.mask.count, "), got ", mask,
        " for sample ", sample);
  check(mask < 0 || !plan.rows[sample].has_box(), "plan: expected a box or a mask, got both for sample ", sample);
}

void check_extent(const Extent& mask) {
  check(mask.depth > 0 && mask.height > 0 && mask.width > 0,
        "plan: expected masks with frames, height and width > 0, got frames ", mask.depth, ", height ", mask.height,
        " and width ", mask.width);
  check(mask.pixels() <= INT32_MAX, "plan: expected masks below 2^31 pixels each, got ", mask.pixels());
}

}  // namespace

void check_rows(const PlanView& plan) {
  for (int32_t i = 0; i < plan.batch; ++i) {
    check(plan.rows[i].header == kPairHeader, "plan: expected header ", kPairHeader,
          " (rows that mix two images, layout version ", kPlanVersion, "), got ", plan.rows[i].header, " for sample ",
          i, "; make rows with MixPlan");
  }
}

void validate(const PlanView& plan, int64_t height, int64_t width, bool in_place) {
  if (plan.resident != nullptr) return;
  check_rows(plan);
  if (plan.mask.count > 0) check_extent(plan.mask.extent);
  std::vector<int32_t> chosen_by(plan.batch, -1);
  for (int32_t i = 0; i < plan.batch; ++i) {
    const int32_t partner = plan.rows[i].partner;
    check(partner >= 0 && partner < plan.partners(), "plan: expected partner in [0, ", plan.partners(), "), got ",
          partner, " for sample ", i);
    check_weight("weight_in", i, plan.rows[i].weight_in);
    check_weight("weight_out", i, plan.rows[i].weight_out);
    check_box(plan, i, height, width);
    check_mask(plan, i);
    if (!in_place || plan.others >= 0) continue;
    check(chosen_by[partner] < 0, "plan: expected each sample as partner once for mixing in place, got ", partner,
          " as partner of ", chosen_by[partner], " and of ", i, "; use mix(), which writes a new batch");
    chosen_by[partner] = i;
  }
}

bool has_any_mask(const PlanView& plan) {
  if (plan.resident != nullptr || plan.mask.count == 0) return plan.mask.count > 0;
  for (int32_t i = 0; i < plan.batch; ++i) {
    if (plan.rows[i].mask >= 0) return true;
  }
  return false;
}

bool has_any_box(const PlanView& plan) {
  if (plan.resident != nullptr) return true;
  return std::any_of(plan.rows, plan.rows + plan.batch, [](const PlanRow& row) { return row.has_box(); });
}

bool is_permutation(const PlanView& plan) {
  if (plan.others >= 0) return false;
  std::vector<char> seen(plan.batch, 0);
  for (int32_t i = 0; i < plan.batch; ++i) {
    if (seen[plan.rows[i].partner]) return false;
    seen[plan.rows[i].partner] = 1;
  }
  return true;
}

Cycles cycles_of(const PlanView& plan) {
  Cycles cycles;
  cycles.order.reserve(plan.batch);
  cycles.begin.push_back(0);
  std::vector<char> seen(plan.batch, 0);
  for (int32_t start = 0; start < plan.batch; ++start) {
    if (seen[start]) continue;
    for (int32_t i = start; !seen[i]; i = plan.rows[i].partner) {
      seen[i] = 1;
      cycles.order.push_back(i);
    }
    cycles.begin.push_back(static_cast<int32_t>(cycles.order.size()));
  }
  return cycles;
}

}  // namespace fastmix
