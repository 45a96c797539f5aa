// The CUDA kernel of augmentation gives the CPU's bits.
#include <vector>

#include "augment_cases.h"
#include "check.h"
#include "host_cuda.h"

namespace fastmix::test {

namespace {

constexpr ImageSize kSizes[] = {{1, 1}, {1, 37}, {37, 1}, {2, 3}, {3, 3}, {19, 35}, {16, 32}, {40, 100}};

void check_case(AugmentCase& batch, Random& random) {
  const Pixels expected = batch.expected();
  host_cuda::settings().seed = random();
  batch.launch();
  for (size_t k = 0; k < expected.size(); ++k) {
    CHECK(batch.out->data()[k] == expected[k], batch.describe(), ", byte ", k, ": ", int{batch.out->data()[k]},
          " differs from ", int{expected[k]});
  }
}

// Every layout, in place or not, at aligned and other addresses.
template <typename Plan>
void check_layouts(Random& random, const ImageSize& size, const Plan& plan) {
  for (const bool interleaved : {false, true}) {
    for (const bool in_place : {false, true}) {
      const size_t misalignment = random() % 2 == 0 ? 0 : random() % 4, gap = random() % 2 == 0 ? 0 : random() % 8;
      AugmentCase batch(random, size, interleaved, in_place, plan(), misalignment, gap);
      check_case(batch, random);
    }
  }
}

}  // namespace

TEST(augment_each_operation_has_the_bits_of_the_cpu) {
  Random random(51);
  for (int32_t opcode = 0; opcode < kOpcodes; ++opcode) {
    for (const ImageSize& size : kSizes) {
      check_layouts(random, size, [&] {
        SamplePlan plan;
        for (int trial = 0; trial < 2; ++trial)
          plan.add(0, {random_operation(static_cast<Opcode>(opcode), size, random)});
        return plan;
      });
    }
  }
}

TEST(augment_chains_have_the_bits_of_the_cpu) {
  Random random(52);
  for (const ImageSize& size : kSizes) {
    for (const int32_t batch : {0, 1, 5}) {
      check_layouts(random, size, [&] {
        SamplePlan plan;
        for (int32_t i = 0; i < batch; ++i) {
          std::vector<SampleOperation> chain(random() % 6);
          for (SampleOperation& operation : chain) operation = random_operation(size, random);
          plan.add(static_cast<int32_t>(random() % 4), chain);
        }
        return plan;
      });
    }
  }
}

TEST(augment_augmix_has_the_bits_of_the_cpu) {
  Random random(53);
  for (const ImageSize& size : kSizes) {
    check_layouts(random, size, [&] {
      SamplePlan plan;
      for (int32_t i = 0; i < 4; ++i) plan.add(static_cast<int32_t>(random() % 4), random_augmix(size, random));
      return plan;
    });
  }
}

// Places that fixed point and float64 round apart, or that lie on borders and centres.
TEST(augment_warps_near_pixel_centres_have_the_bits_of_the_cpu) {
  Random random(54);
  const float shears[] = {1.0f, -1.0f, 0.5f, -0.25f, 0x1p-20f, -0x1p-20f, 1e-6f, 0x1.000002p-1f, -0x1.fffffep-1f};
  const float angles[] = {45.0f, 30.0f, 60.0f, 90.0f, 179.99999f, 1e-4f, -1e-5f, 359.99997f, 89.99999f};
  for (const ImageSize& size : {ImageSize{17, 16}, ImageSize{32, 33}, ImageSize{24, 24}}) {
    for (int32_t filter = 0; filter < 3; ++filter) {
      check_layouts(random, size, [&] {
        SamplePlan plan;
        for (const float shear : shears) {
          plan.add(0, {operation_of(Opcode::kShearX, shear, 0x30201, 0, filter)});
          plan.add(0, {operation_of(Opcode::kShearY, shear, 0x30201, 0, filter)});
          plan.add(0, {operation_of(Opcode::kTranslateX, shear, 0x30201, 0, filter)});
          plan.add(0, {operation_of(Opcode::kTranslateY, 3.0f + shear, 0x30201, 0, filter)});
        }
        for (const float angle : angles) plan.add(0, {operation_of(Opcode::kRotate, angle, 0x30201, 0, filter)});
        return plan;
      });
    }
  }
}

TEST(augment_of_many_samples_is_uploaded) {
  Random random(55);
  const ImageSize size = {4, 5};
  SamplePlan plan;
  // 144 bytes a sample, of which a parameter holds 32,512.
  for (int32_t i = 0; i < 240; ++i) {
    std::vector<SampleOperation> operations(8, operation_of(Opcode::kInvert, 0.0f));
    operations[random() % 8] = random_operation(size, random);
    plan.add(0, operations);
  }
  AugmentCase batch(random, size, true, true, std::move(plan));
  const uint64_t before = host_cuda::counters().uploads;
  check_case(batch, random);
  CHECK(host_cuda::counters().uploads == before + 1 && host_cuda::counters().live_uploads == 0);
}

TEST(augment_launches_once_and_not_without_work) {
  Random random(56);
  for (const bool works : {false, true}) {
    SamplePlan plan;
    plan.add(0, {operation_of(Opcode::kIdentity, 0.0f)});
    plan.add(0, works ? std::vector{operation_of(Opcode::kInvert, 0.0f)} : std::vector<SampleOperation>());
    AugmentCase batch(random, {8, 8}, true, true, std::move(plan));
    const uint64_t before = host_cuda::counters().launches;
    batch.launch();
    CHECK(host_cuda::counters().launches == before + (works ? 1 : 0));
    CHECK(!works || host_cuda::counters().last_grid.x == 1, "a block for an image that keeps its bytes");
  }
}

}  // namespace fastmix::test
