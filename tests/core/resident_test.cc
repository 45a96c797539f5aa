// Plans in device memory: one launch, captured once, mixes whatever plan the memory holds at replay.
#include <cstring>
#include <vector>

#include "cases.h"
#include "check.h"
#include "host_cuda.h"
#include "label_cases.h"
#include "plan/plan_memory.h"

namespace fastmix::test {
namespace {

constexpr Pairs kPlans[] = {Pairs::kFlip,        Pairs::kCycle, Pairs::kIdentity,
                            Pairs::kPermutation, Pairs::kFlip,  Pairs::kPermutation};

// What a graph would keep of a launch: none of it may depend on the plan.
struct Launch {
  dim3 grid, block;
  size_t shared;
  uint64_t uploads;
  bool operator==(const Launch& other) const {
    return grid.x == other.grid.x && grid.y == other.grid.y && block.x == other.block.x && block.y == other.block.y &&
           shared == other.shared && uploads == other.uploads;
  }
};
Launch last_launch() {
  const host_cuda::Counters& now = host_cuda::counters();
  return {now.last_grid, now.last_block, now.last_shared, now.uploads};
}

class Replays {
 public:
  explicit Replays(int32_t batch) : memory_(ResidentLayout(batch).rows * sizeof(PlanRow), 0) {}
  // The plan as kernels get it: masks as before, rows from memory.
  PlanView view(const Plan& plan) const {
    PlanView view = plan.view();
    view.rows = nullptr;
    view.resident = memory_.data();
    return view;
  }

  void update(const Plan& plan, const std::vector<uint8_t>* mirror, int64_t height, int64_t width) {
    pack_resident_plan(plan.view(), mirror == nullptr ? nullptr : mirror->data(), height, width, memory_.data());
  }
  void check_same_launch(const std::string& what) {
    if (replays_++ == 0) first_ = last_launch();
    CHECK(last_launch() == first_, what, ": another launch for another plan");
  }

 private:
  Memory memory_;
  Launch first_{};
  int replays_ = 0;
};

TEST(resident_mix_replays_any_plan) {
  Random random(61);
  host_cuda::settings().capturing = true;
  for (const DType dtype : {DType::kU8, DType::kBF16, DType::kF32}) {
    for (const int32_t batch : {1, 2, 7, 65, 300, 1500}) {
      const Shape shape = batch > 100 ? Shape{1, 2, 8, false} : Shape{3, 4, 8, batch % 2 == 0};
      Replays replays(batch);
      for (const Pairs pairs : kPlans) {
        MixCase mix_case(random, dtype, shape,
                         random_plan(random, batch, pairs, random() % 2 == 0 ? Mixing::kBoxes : Mixing::kAllBlended,
                                     shape.height, shape.width),
                         true, 0);
        const std::vector<unsigned char> expected = naive_mix(mix_case.params);
        replays.update(mix_case.plan, nullptr, shape.height, shape.width);
        MixParams params = mix_case.params;
        params.plan = replays.view(mix_case.plan);
        host_cuda::settings().seed = random();
        mix_cuda(params, nullptr);
        replays.check_same_launch(mix_case.describe());
        const int64_t different =
            first_difference(dtype, mix_case.out->data(), expected.data(), batch * shape.elements());
        CHECK(different < 0, mix_case.describe(), ": differs at ", different);
      }
    }
  }
  host_cuda::settings().capturing = false;
}

// Masks of one size, more or less of them, and none; the launch is always the masked kernel's.
TEST(resident_masks_replay_any_plan) {
  Random random(65);
  const Shape shape{3, 4, 8, false};
  for (const bool in_place : {true, false}) {
    for (const DType dtype : {DType::kU8, DType::kBF16}) {
      Replays replays(9);
      for (const Pairs pairs : kPlans) {
        MixCase mix_case(random, dtype, shape, random_plan(random, 9, pairs, Mixing::kWholeMasks, 4, 8), in_place, 0);
        for (int32_t i = 0; i < 9; i += 3) mix_case.plan.rows[i].mask = -1;
        const std::vector<unsigned char> expected = naive_mix(mix_case.params);
        replays.update(mix_case.plan, nullptr, 4, 8);
        MixParams params = mix_case.params;
        params.plan = replays.view(mix_case.plan);
        mix_cuda(params, nullptr);
        replays.check_same_launch(mix_case.describe());
        const int64_t different = first_difference(dtype, mix_case.out->data(), expected.data(), 9 * shape.elements());
        CHECK(different < 0, mix_case.describe(), ": differs at ", different);
      }
    }
  }
}

TEST(resident_normalize_replays_any_plan_and_mirror) {
  Random random(62);
  for (const Layout layout : {Layout::kNCHW, Layout::kNHWC}) {
    for (const int64_t width : {16, 13}) {
      for (const int32_t batch : {1, 9, 130}) {
        Replays replays(batch);
        for (const Pairs pairs : kPlans) {
          NormalizeCase normalize_case(random, DType::kBF16, layout, {3, 3, width, true},
                                       random_plan(random, batch, pairs, Mixing::kBoxes, 3, width), true, 0);
          const std::vector<unsigned char> expected = naive_normalize(normalize_case.params);
          replays.update(normalize_case.plan, &normalize_case.mirror, 3, width);
          NormalizeMixParams params = normalize_case.params;
          params.plan = replays.view(normalize_case.plan);
          params.mirror = nullptr;
          normalize_mix_cuda(params, nullptr);
          replays.check_same_launch(normalize_case.describe());
          const int64_t different = first_difference(DType::kBF16, normalize_case.out->data(), expected.data(),
                                                     batch * normalize_case.elements());
          CHECK(different < 0, normalize_case.describe(), ": differs at ", different);
        }
      }
    }
  }
}

TEST(resident_labels_replay_any_plan) {
  Random random(63);
  Replays replays(64);
  for (int round = 0; round < 4; ++round) {
    LabelCase label_case(random, 64, 10, 0.1);
    Plan plan = random_plan(random, 64, Pairs::kPermutation, Mixing::kNoBox, 1, 1);
    for (int32_t i = 0; i < 64; ++i) plan.rows[i].label_weight = plan.rows[i].weight_out;
    label_case.params.plan = plan.view();
    mix_labels_cpu(label_case.params);
    const std::vector<float> expected = label_case.take();
    replays.update(plan, nullptr, 1, 1);
    label_case.params.plan = replays.view(plan);
    mix_labels_cuda(label_case.params, nullptr);
    replays.check_same_launch("labels");
    CHECK(label_case.take() == expected, "round ", round);
  }
}

TEST(resident_plans_are_checked) {
  Random random(64);
  Plan plan = random_plan(random, 4, Pairs::kFlip, Mixing::kAllBlended, 4, 4);
  std::vector<unsigned char> memory(ResidentLayout(4).rows * sizeof(PlanRow));
  const auto pack = [&] { return message_of([&] { pack_resident_plan(plan.view(), nullptr, 4, 4, memory.data()); }); };
  CHECK(pack().empty(), pack());
  set_partners(plan, {0, 0, 1, 2});
  CHECK(!pack().empty(), "repeated partners are accepted");
  set_partners(plan, {3, 2, 1, 0});
  plan.rows[0].box[2] = plan.rows[0].box[3] = 5;
  CHECK(!pack().empty(), "a box beyond the image is accepted");
}

}  // namespace
}  // namespace fastmix::test
