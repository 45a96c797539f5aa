// What surrounds a launch: errors, the forms in which a plan travels, and what is refused.
#include <algorithm>

#include "cases.h"
#include "check.h"
#include "cuda/kernel_plan.h"
#include "host_cuda.h"

namespace fastmix::test {
namespace {

using host_cuda::counters;
using host_cuda::settings;

// The number of launches and uploads of one mix.
struct Work {
  uint64_t launches, uploads;
};
Work work_of(Random& random, int32_t batch, Pairs pairs, Mixing mixing, bool in_place, Shape shape = {1, 1, 4, false}) {
  MixCase mix_case(random, DType::kF32, shape, random_plan(random, batch, pairs, mixing, shape.height, shape.width),
                   in_place, 0);
  const std::vector<unsigned char> expected = naive_mix(mix_case.params);
  const host_cuda::Counters before = counters();
  mix_cuda(mix_case.params, nullptr);
  const int64_t count = batch * mix_case.params.elements;
  CHECK(first_difference(DType::kF32, mix_case.out->data(), expected.data(), count) < 0, mix_case.describe());
  CHECK(counters().live_uploads == 0, "a plan's memory is not freed");
  return {counters().launches - before.launches, counters().uploads - before.uploads};
}

TEST(launch_carries_plans_of_1024_samples_by_value) {
  Random random(51);
  for (const int32_t batch : {1, 100, 1024}) {
    for (const Pairs pairs : kAnyPairs) {
      const Work out_of_place = work_of(random, batch, pairs, Mixing::kBoxes, false);
      CHECK(out_of_place.launches == 1 && out_of_place.uploads == 0, "batch ", batch);
      if (pairs == Pairs::kRepeats || pairs == Pairs::kIdentity || batch == 1) continue;
      const Work in_place = work_of(random, batch, pairs, Mixing::kAllBlended, true);
      CHECK(in_place.launches == 1 && in_place.uploads == 0, "batch ", batch);
    }
  }
}

// A strided batch needs no pointers, and one weight is kept once: only the walk grows.
TEST(launch_carries_4096_samples_with_a_weight_each_by_value) {
  Random random(59);
  const Plan plan = random_plan(random, 4096, Pairs::kFlip, Mixing::kAllBlended, 1, 4);
  MixCase mix_case(random, DType::kF32, {1, 1, 4, false}, plan, true, 0);
  const std::vector<unsigned char> expected = naive_mix(mix_case.params);
  const uint64_t uploads = counters().uploads;
  mix_cuda(mix_case.params, nullptr);
  CHECK(counters().uploads == uploads, "4,096 samples are uploaded");
  CHECK(first_difference(DType::kF32, mix_case.out->data(), expected.data(), 4096 * 4) < 0, mix_case.describe());
}

TEST(launch_carries_4096_pairs_of_one_weight_by_value) {
  Random random(57);
  for (const bool in_place : {true, false}) {
    Plan plan = random_plan(random, 8192, Pairs::kFlip, Mixing::kNoBox, 1, 4);
    for (PlanRow& row : plan.rows) row.weight_in = row.weight_out = 0.25f;
    MixCase mix_case(random, DType::kF32, {1, 1, 4, false}, plan, in_place, 0);
    const std::vector<unsigned char> expected = naive_mix(mix_case.params);
    const uint64_t uploads = counters().uploads;
    mix_cuda(mix_case.params, nullptr);
    CHECK(counters().uploads == uploads, "4,096 pairs are uploaded");
    CHECK(first_difference(DType::kF32, mix_case.out->data(), expected.data(), 8192 * 4) < 0, mix_case.describe());
  }
}

TEST(launch_keeps_a_box_of_all_samples_once) {
  Random random(58);
  Plan plan = random_plan(random, 8192, Pairs::kFlip, Mixing::kNoBox, 3, 4);
  for (PlanRow& row : plan.rows) {
    row.weight_in = 0.0f;
    row.weight_out = 1.0f;
    const int32_t box[] = {1, 0, 3, 2};
    std::copy_n(box, 4, row.box);
  }
  MixCase mix_case(random, DType::kF32, {1, 3, 4, false}, plan, true, 0);
  const std::vector<unsigned char> expected = naive_mix(mix_case.params);
  const uint64_t uploads = counters().uploads;
  mix_cuda(mix_case.params, nullptr);
  CHECK(counters().uploads == uploads, "one box is uploaded");
  CHECK(first_difference(DType::kF32, mix_case.out->data(), expected.data(), 8192 * 12) < 0, mix_case.describe());
}

TEST(launch_uploads_larger_plans_and_frees_them) {
  Random random(52);
  const Work many = work_of(random, 9000, Pairs::kPermutation, Mixing::kBoxes, true);
  CHECK(many.launches == 1 && many.uploads == 1, "batch 9000");
  CHECK(counters().largest_copy == 64 * 1024, "CUDA may wait for the stream before it reads ", counters().largest_copy);
  // Boxes beyond 16 bits, as in batches of long recordings.
  const Work wide = work_of(random, 3, Pairs::kFlip, Mixing::kBoxes, true, {1, 1, 70000, false});
  CHECK(wide.launches == 1 && wide.uploads == 1, "wide boxes");
}

TEST(launch_with_nothing_to_do_is_no_launch) {
  Random random(53);
  CHECK(work_of(random, 0, Pairs::kFlip, Mixing::kNoBox, true).launches == 0, "empty batch");
  CHECK(work_of(random, 9, Pairs::kIdentity, Mixing::kNoBox, true).launches == 0, "identity in place");
}

TEST(launch_errors_name_the_kernel_and_are_cleared) {
  Random random(54);
  MixCase mix_case(random, DType::kF32, {1, 1, 4, false},
                   random_plan(random, 4, Pairs::kFlip, Mixing::kAllBlended, 1, 4), true, 0);
  settings().next_error = cudaErrorInsufficientDriver;
  const std::string message = message_of([&] { mix_cuda(mix_case.params, nullptr); });
  CHECK(message.find("mix kernel") != std::string::npos, message);
  CHECK(message.find("driver version is insufficient") != std::string::npos, message);
  CHECK(settings().next_error == cudaSuccess, "the error is left behind");
  CHECK(message_of([&] { mix_cuda(mix_case.params, nullptr); }).empty(), "the next launch fails too");
}

TEST(launch_refuses_to_capture_an_uploaded_plan) {
  Random random(55);
  MixCase large(random, DType::kF32, {1, 1, 4, false},
                random_plan(random, 9000, Pairs::kFlip, Mixing::kAllBlended, 1, 4), true, 0);
  MixCase small(random, DType::kF32, {1, 1, 4, false},
                random_plan(random, 1024, Pairs::kFlip, Mixing::kAllBlended, 1, 4), true, 0);
  settings().capturing = true;
  const std::string message = message_of([&] { mix_cuda(large.params, nullptr); });
  const std::string no_message = message_of([&] { mix_cuda(small.params, nullptr); });
  settings().capturing = false;
  CHECK(message.find("fastmix.ResidentPlan") != std::string::npos, message);
  CHECK(no_message.empty(), no_message);
}

TEST(launch_refuses_gradients_of_uint8) {
  Random random(56);
  MixCase mix_case(random, DType::kU8, {1, 1, 4, false}, random_plan(random, 2, Pairs::kFlip, Mixing::kNoBox, 1, 4),
                   false, 0);
  CHECK(!message_of([&] { mix_backward_cuda(mix_case.params, nullptr); }).empty(), "uint8 is accepted");
}

TEST(launch_parameters_fit_the_limit) {
  CHECK(sizeof(SmallPlan) + 256 <= 4096, "small plans should stay below the old limit of 4 KB");
  CHECK(sizeof(LargePlan) + 256 <= 32764, "kernel parameters are limited to 32,764 bytes");
}

}  // namespace
}  // namespace fastmix::test
