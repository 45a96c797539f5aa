// The cutting of plans into segments: every promise that the kernels rely on.
#include "plan/gpu_walk.h"

#include <algorithm>
#include <map>
#include <set>

#include "cases.h"
#include "check.h"

namespace fastmix::test {
namespace {

// The partner that the walk gives to entry k of segment s.
uint32_t next_entry(const GpuWalk& walk, uint32_t bundle, uint32_t s, uint32_t k) {
  if (k + 1 < walk.segment_begin[s + 1]) return walk.entries[k + 1];
  const uint32_t successor = walk.bundle_begin[bundle] + walk.successor[s];
  CHECK(successor < walk.bundle_begin[bundle + 1], "successor ", successor, " leaves bundle ", bundle);
  return walk.entries[walk.segment_begin[successor]];
}

void check_walk(const PlanView& plan, const GpuWalk& walk, Writes writes, int32_t max_warps) {
  const auto blends = [&](int32_t i) { return !plan.untouched(i); };
  const bool permutation = is_permutation(plan);
  std::map<uint32_t, int> written, read;
  CHECK(walk.bundle_begin.front() == 0 && walk.bundle_begin.back() == walk.segments(), plan.batch);
  CHECK(walk.segment_begin.back() == walk.entries.size(), plan.batch);
  for (uint32_t g = 0; g < walk.bundles(); ++g) {
    const uint32_t first = walk.bundle_begin[g], last = walk.bundle_begin[g + 1];
    CHECK(first < last && last - first <= static_cast<uint32_t>(max_warps), "bundle of ", last - first, " segments");
    for (uint32_t s = first; s < last; ++s) {
      CHECK(walk.segment_begin[s] < walk.segment_begin[s + 1], "segment ", s, " is empty");
      for (uint32_t k = walk.segment_begin[s]; k < walk.segment_begin[s + 1]; ++k) {
        const uint32_t entry = walk.entries[k], sample = sample_of(entry);
        ++read[sample];
        if ((entry & kWriteFlag) == 0) continue;
        ++written[sample];
        CHECK(((entry & kBlendFlag) != 0) == blends(sample), "sample ", sample);
        if (!blends(sample)) continue;
        const uint32_t partner = sample_of(next_entry(walk, g, s, k));
        CHECK(partner == static_cast<uint32_t>(plan.rows[sample].partner), "sample ", sample, " is given ", partner);
      }
    }
  }
  std::set<uint32_t> wanted;  // samples that anyone needs
  for (int32_t i = 0; i < plan.batch; ++i) {
    const bool write = writes == Writes::kAll || blends(i);
    CHECK(written[i] == (write ? 1 : 0), "sample ", i, " is written ", written[i], " times");
    if (write) wanted.insert(i);
    if (blends(i)) wanted.insert(plan.rows[i].partner);
  }
  for (int32_t i = 0; i < plan.batch && permutation; ++i)
    CHECK(read[i] == static_cast<int>(wanted.count(i)), "sample ", i, " is read ", read[i], " times");
}

TEST(walk_holds_its_promises) {
  Random random(7);
  for (const int32_t batch : {0, 1, 2, 3, 5, 31, 64, 257, 1024, 1500}) {
    for (const Pairs pairs : kAnyPairs) {
      if (batch == 0 && pairs == Pairs::kRepeats) continue;
      for (const Mixing mixing : {Mixing::kNoBox, Mixing::kBoxes, Mixing::kAllBlended}) {
        const Plan plan = random_plan(random, batch, pairs, mixing, 9, 11);
        const PlanView view = plan.view();
        for (const int32_t max_warps : {1, 2, 8, 32}) {
          check_walk(view, make_gpu_walk(view, nullptr, Writes::kAll, max_warps), Writes::kAll, max_warps);
          if (!is_permutation(view)) continue;
          check_walk(view, make_gpu_walk(view, nullptr, Writes::kBlended, max_warps), Writes::kBlended, max_warps);
        }
      }
    }
  }
}

TEST(walk_cuts_a_long_cycle_evenly) {
  Random random(8);
  const Plan plan = random_plan(random, 1024, Pairs::kCycle, Mixing::kAllBlended, 1, 1);
  const GpuWalk walk = make_gpu_walk(plan.view(), nullptr, Writes::kBlended, 32);
  CHECK(walk.bundles() == 1 && walk.segments() == 32, walk.segments());
  for (uint32_t s = 0; s < 32; ++s) CHECK(walk.segment_begin[s + 1] - walk.segment_begin[s] == 32, s);
}

TEST(walk_of_pairs_is_one_warp_each_and_full_blocks) {
  Random random(9);
  const Plan plan = random_plan(random, 256, Pairs::kFlip, Mixing::kAllBlended, 1, 1);
  const GpuWalk walk = make_gpu_walk(plan.view(), nullptr, Writes::kBlended, 8);
  CHECK(walk.segments() == 128 && walk.bundles() == 16 && walk.warps() == 8, walk.bundles());
}

TEST(walk_leaves_untouched_samples_alone) {
  Plan plan(4);  // a cycle 0 1 2 3 in which only 0 takes part of its partner
  for (int32_t i = 0; i < 4; ++i) plan.rows[i].partner = (i + 1) % 4;
  plan.rows[0].weight_out = 0.25f;
  const PlanView view = plan.view();
  const GpuWalk walk = make_gpu_walk(view, nullptr, Writes::kBlended, 8);
  CHECK(walk.entries.size() == 2, walk.entries.size());
  CHECK(sample_of(walk.entries[0]) == 0 && (walk.entries[0] & kWriteFlag) != 0, walk.entries[0]);
  CHECK(sample_of(walk.entries[1]) == 1 && (walk.entries[1] & kWriteFlag) == 0, walk.entries[1]);
}

TEST(walk_grows_blocks_for_small_images_only) {
  Random random(10);
  const Plan plan = random_plan(random, 1024, Pairs::kCycle, Mixing::kAllBlended, 1, 1);
  CHECK(fitting_gpu_walk(plan.view(), nullptr, Writes::kBlended, 5000, kMaxWarps).warps() == 8, "large images");
  CHECK(fitting_gpu_walk(plan.view(), nullptr, Writes::kBlended, 6, kMaxWarps).warps() == 32, "small images");
  CHECK(fitting_gpu_walk(plan.view(), nullptr, Writes::kBlended, 6, kMaxWideWarps).warps() == kMaxWideWarps,
        "small images, wide blocks");
}

}  // namespace
}  // namespace fastmix::test
