// The mix kernel, run by the host shim, against the naive loop and the CPU job: the same bits.
#include <algorithm>

#include "cases.h"
#include "check.h"
#include "host_cuda.h"

namespace fastmix::test {
namespace {

constexpr DType kAllTypes[] = {DType::kU8, DType::kF16, DType::kBF16, DType::kF32, DType::kF64};

void check_case(MixCase& batch) {
  validate(batch.params);
  const std::vector<unsigned char> expected = naive_mix(batch.params);
  const int64_t count = batch.plan.batch() * batch.params.elements;

  if (!batch.params.in_place) {
    run_job(*mix_cpu(batch.params));
    const int64_t cpu = first_difference(batch.params.dtype, batch.out->data(), expected.data(), count);
    CHECK(cpu < 0, batch.describe(), ": CPU job and naive loop differ at ", cpu);
    std::fill_n(batch.out->data(), batch.out->size(), static_cast<unsigned char>(0xa5));
  }
  mix_cuda(batch.params, nullptr);
  const int64_t cuda = first_difference(batch.params.dtype, batch.out->data(), expected.data(), count);
  CHECK(cuda < 0, batch.describe(), ": kernel and naive loop differ at ", cuda, ", seed ", host_cuda::settings().seed);
}

void check_mix(Random& random, DType dtype, int32_t batch, Pairs pairs, Mixing mixing, Shape shape, bool in_place,
               size_t misalignment) {
  host_cuda::settings().seed = random();
  MixCase mix_case(random, dtype, shape, random_plan(random, batch, pairs, mixing, shape.height, shape.width), in_place,
                   misalignment);
  check_case(mix_case);
}

// 16-byte vectors, 4-byte vectors, single elements: sizes and offsets choose.
constexpr Shape kShapes[] = {{3, 8, 16, false}, {3, 8, 16, true}, {1, 5, 7, false}, {3, 3, 5, true}, {2, 1, 30, false}};

TEST(mix_all_types_and_layouts) {
  Random random(1);
  for (const DType dtype : kAllTypes) {
    for (const Shape& shape : kShapes) {
      for (const Mixing mixing : {Mixing::kNoBox, Mixing::kBoxes}) {
        for (const Pairs pairs : kAnyPairs) {
          const size_t misalignment = random() % 3 == 0 ? 1 : 0;
          check_mix(random, dtype, 7, pairs, mixing, shape, false, misalignment);
          if (pairs != Pairs::kRepeats) check_mix(random, dtype, 7, pairs, mixing, shape, true, misalignment);
        }
      }
    }
  }
}

TEST(mix_all_batch_sizes) {
  Random random(2);
  for (const int32_t batch : {0, 1, 2, 3, 5, 64, 257, 1500}) {
    for (const Pairs pairs : kAnyPairs) {
      if (batch == 0 && pairs == Pairs::kRepeats) continue;
      const DType dtype = kAllTypes[random() % 5];
      check_mix(random, dtype, batch, pairs, Mixing::kBoxes, {3, 4, 8, false}, false, 0);
      if (pairs != Pairs::kRepeats) check_mix(random, dtype, batch, pairs, Mixing::kBoxes, {3, 4, 8, true}, true, 0);
    }
  }
}

TEST(mix_samples_of_no_elements) {
  Random random(3);
  const uint64_t before = host_cuda::counters().launches;
  check_mix(random, DType::kF32, 4, Pairs::kFlip, Mixing::kNoBox, {3, 0, 8, false}, true, 0);
  CHECK(host_cuda::counters().launches == before, "a kernel was launched for nothing");
}

TEST(mix_many_thread_orders) {
  Random random(4);
  host_cuda::settings().interrupt_one_in = 3;
  for (int round = 0; round < 40; ++round) {
    const Pairs pairs = kPermutations[1 + random() % 3];
    check_mix(random, kAllTypes[random() % 5], 2 + random() % 90, pairs, Mixing::kBoxes, {3, 4, 16, false}, true, 0);
  }
  host_cuda::settings().interrupt_one_in = 0;
}

TEST(mix_of_separate_buffers_and_a_wide_stride) {
  Random random(5);
  MixCase mix_case(random, DType::kF32, {3, 4, 4, false},
                   random_plan(random, 5, Pairs::kPermutation, Mixing::kBoxes, 4, 4), false, 0);
  const std::vector<unsigned char> expected = naive_mix(mix_case.params);
  Memory wide(4 * (4 * 64 + 48), 0);  // the last sample ends with the memory
  mix_case.params.out = wide.data();
  mix_case.params.out_stride = 64;
  mix_cuda(mix_case.params, nullptr);
  for (int32_t i = 0; i < 5; ++i) {
    const int64_t at =
        first_difference(DType::kF32, wide.data() + i * 256, expected.data() + i * 192, mix_case.params.elements);
    CHECK(at < 0, "sample ", i, " differs at ", at);
  }
}

}  // namespace
}  // namespace fastmix::test
