#include "plan/gather.h"

#include <cstddef>
#include <utility>

namespace fastmix {

Gather gather_of(const PlanView& plan, bool of_others) {
  const bool own = !of_others;
  const bool partners = of_others == (plan.others >= 0);
  std::vector<uint32_t> begin((of_others ? plan.others : plan.batch) + 1, 0);
  for (int32_t i = 0; i < plan.batch; ++i) {
    if (own) begin[i + 1] += 1;
    if (partners && !plan.alone(i)) begin[plan.rows[i].partner + 1] += 1;
  }
  for (std::size_t i = 0; i + 1 < begin.size(); ++i) begin[i + 1] += begin[i];

  Gather gather;
  gather.shares.resize(begin.back());
  std::vector<uint32_t> next = begin;
  for (int32_t i = 0; own && i < plan.batch; ++i) gather.shares[next[i]++] = {i, false};
  for (int32_t j = 0; partners && j < plan.batch; ++j) {
    if (!plan.alone(j)) gather.shares[next[plan.rows[j].partner]++] = {j, true};
  }
  gather.begin = std::move(begin);
  return gather;
}

}  // namespace fastmix
