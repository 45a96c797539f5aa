// The cutting of plans into segments: every promise that the kernels rely on.
#include "schedule.h"

#include <algorithm>
#include <map>
#include <set>

#include "cases.h"
#include "check.h"

namespace fastmix::test {
namespace {

std::vector<uint8_t> blends_of(const PlanView& plan) {
  std::vector<uint8_t> blends(plan.batch);
  for (int32_t i = 0; i < plan.batch; ++i) blends[i] = !plan.untouched(i);
  return blends;
}

// The partner that the walk gives to entry k of segment s.
uint32_t next_entry(const Schedule& schedule, uint32_t group, uint32_t s, uint32_t k) {
  if (k + 1 < schedule.segment_begin[s + 1]) return schedule.entries[k + 1];
  const uint32_t successor = schedule.group_begin[group] + schedule.successor[s];
  CHECK(successor < schedule.group_begin[group + 1], "successor ", successor, " leaves group ", group);
  return schedule.entries[schedule.segment_begin[successor]];
}

void check_schedule(const PlanView& plan, const Schedule& schedule, Writes writes, int32_t max_warps) {
  const std::vector<uint8_t> blends = blends_of(plan);
  const bool permutation = is_permutation(plan);
  std::map<uint32_t, int> written, read;
  CHECK(schedule.group_begin.front() == 0 && schedule.group_begin.back() == schedule.segments(), plan.batch);
  CHECK(schedule.segment_begin.back() == schedule.entries.size(), plan.batch);
  for (uint32_t g = 0; g < schedule.groups(); ++g) {
    const uint32_t first = schedule.group_begin[g], last = schedule.group_begin[g + 1];
    CHECK(first < last && last - first <= static_cast<uint32_t>(max_warps), "group of ", last - first, " segments");
    for (uint32_t s = first; s < last; ++s) {
      CHECK(schedule.segment_begin[s] < schedule.segment_begin[s + 1], "segment ", s, " is empty");
      for (uint32_t k = schedule.segment_begin[s]; k < schedule.segment_begin[s + 1]; ++k) {
        const uint32_t entry = schedule.entries[k], sample = sample_of(entry);
        ++read[sample];
        if ((entry & kWriteFlag) == 0) continue;
        ++written[sample];
        CHECK(((entry & kBlendFlag) != 0) == (blends[sample] != 0), "sample ", sample);
        if (blends[sample] == 0) continue;
        const uint32_t partner = sample_of(next_entry(schedule, g, s, k));
        CHECK(partner == static_cast<uint32_t>(plan.partner[sample]), "sample ", sample, " is given ", partner);
      }
    }
  }
  std::set<uint32_t> wanted;  // samples that anyone needs
  for (int32_t i = 0; i < plan.batch; ++i) {
    const bool write = writes == Writes::kAll || blends[i] != 0;
    CHECK(written[i] == (write ? 1 : 0), "sample ", i, " is written ", written[i], " times");
    if (write) wanted.insert(i);
    if (blends[i] != 0) wanted.insert(plan.partner[i]);
  }
  for (int32_t i = 0; i < plan.batch && permutation; ++i)
    CHECK(read[i] == static_cast<int>(wanted.count(i)), "sample ", i, " is read ", read[i], " times");
}

TEST(schedule_holds_its_promises) {
  Random random(7);
  for (const int32_t batch : {0, 1, 2, 3, 5, 31, 64, 257, 1024, 1500}) {
    for (const Pairs pairs : kAnyPairs) {
      if (batch == 0 && pairs == Pairs::kRepeats) continue;
      for (const Mixing mixing : {Mixing::kNoBox, Mixing::kBoxes, Mixing::kAllBlended}) {
        const Plan plan = random_plan(random, batch, pairs, mixing, 9, 11);
        const PlanView view = plan.view();
        for (const int32_t max_warps : {1, 2, 8, 32}) {
          check_schedule(view, make_schedule(view, blends_of(view), nullptr, Writes::kAll, max_warps), Writes::kAll,
                         max_warps);
          if (!is_permutation(view)) continue;
          check_schedule(view, make_schedule(view, blends_of(view), nullptr, Writes::kBlended, max_warps),
                         Writes::kBlended, max_warps);
        }
      }
    }
  }
}

TEST(schedule_cuts_a_long_cycle_evenly) {
  Random random(8);
  const Plan plan = random_plan(random, 1024, Pairs::kCycle, Mixing::kAllBlended, 1, 1);
  const Schedule schedule = make_schedule(plan.view(), blends_of(plan.view()), nullptr, Writes::kBlended, 32);
  CHECK(schedule.groups() == 1 && schedule.segments() == 32, schedule.segments());
  for (uint32_t s = 0; s < 32; ++s) CHECK(schedule.segment_begin[s + 1] - schedule.segment_begin[s] == 32, s);
}

TEST(schedule_of_pairs_is_one_warp_each_and_full_blocks) {
  Random random(9);
  const Plan plan = random_plan(random, 256, Pairs::kFlip, Mixing::kAllBlended, 1, 1);
  const Schedule schedule = make_schedule(plan.view(), blends_of(plan.view()), nullptr, Writes::kBlended, 8);
  CHECK(schedule.segments() == 128 && schedule.groups() == 16 && schedule.warps() == 8, schedule.groups());
}

TEST(schedule_leaves_untouched_samples_alone) {
  Plan plan(4);  // a cycle 0 1 2 3 in which only 0 takes part of its partner
  for (int32_t i = 0; i < 4; ++i) plan.partner[i] = (i + 1) % 4;
  plan.weight_out[0] = 0.25f;
  const PlanView view = plan.view();
  const Schedule schedule = make_schedule(view, blends_of(view), nullptr, Writes::kBlended, 8);
  CHECK(schedule.entries.size() == 2, schedule.entries.size());
  CHECK(sample_of(schedule.entries[0]) == 0 && (schedule.entries[0] & kWriteFlag) != 0, schedule.entries[0]);
  CHECK(sample_of(schedule.entries[1]) == 1 && (schedule.entries[1] & kWriteFlag) == 0, schedule.entries[1]);
}

TEST(schedule_grows_blocks_for_small_images_only) {
  Random random(10);
  const Plan plan = random_plan(random, 1024, Pairs::kCycle, Mixing::kAllBlended, 1, 1);
  const std::vector<uint8_t> blends = blends_of(plan.view());
  CHECK(fitting_schedule(plan.view(), blends, nullptr, Writes::kBlended, 5000, kMaxWarps).warps() == 8, "large images");
  CHECK(fitting_schedule(plan.view(), blends, nullptr, Writes::kBlended, 6, kMaxWarps).warps() == 32, "small images");
  CHECK(fitting_schedule(plan.view(), blends, nullptr, Writes::kBlended, 6, kMaxWideWarps).warps() == kMaxWideWarps,
        "small images, wide blocks");
}

}  // namespace
}  // namespace fastmix::test
