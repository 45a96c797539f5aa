#include "plan/dropping.h"

namespace fastmix {

Plan plan_of_kept(const Plan& plan, const std::vector<int32_t>& kept) {
  std::vector<int32_t> place(plan.batch(), -1);
  for (std::size_t i = 0; i < kept.size(); ++i) place[kept[i]] = static_cast<int32_t>(i);
  Plan left;
  left.mask_extent = plan.mask_extent;
  left.masks = plan.masks;
  left.rows.reserve(kept.size());
  for (const int32_t sample : kept) {
    const PlanRow& row = plan.rows[sample];
    const bool mixed = place[row.partner] >= 0;
    left.rows.push_back(mixed ? row : PlanRow{});
    left.rows.back().partner = place[mixed ? row.partner : sample];
  }
  return left;
}

}  // namespace fastmix
