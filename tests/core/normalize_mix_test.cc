// The normalize_mix kernel, run by the host shim, against the naive loop and the CPU job: the same bits.
#include <algorithm>

#include "cases.h"
#include "check.h"
#include "host_cuda.h"

namespace fastmix::test {
namespace {

void check_normalize(Random& random, DType dtype, Layout layout, int32_t batch, Pairs pairs, Mixing mixing, Shape shape,
                     bool mirror, size_t misalignment) {
  host_cuda::settings().seed = random();
  NormalizeCase normalize_case(random, dtype, layout, shape,
                               random_plan(random, batch, pairs, mixing, shape.height, shape.width), mirror,
                               misalignment);
  const NormalizeMixParams& params = normalize_case.params;
  validate(params);
  const std::vector<unsigned char> expected = naive_normalize(params);
  const int64_t count = batch * normalize_case.elements();
  unsigned char* out = normalize_case.out->data();

  run_job(*normalize_mix_cpu(params));
  const int64_t cpu = first_difference(dtype, out, expected.data(), count);
  CHECK(cpu < 0, normalize_case.describe(), ": CPU job and naive loop differ at ", cpu);
  std::fill_n(out, normalize_case.out->size(), static_cast<unsigned char>(0xa5));

  normalize_mix_cuda(params, nullptr);
  const int64_t cuda = first_difference(dtype, out, expected.data(), count);
  CHECK(cuda < 0, normalize_case.describe(), ": kernel and naive loop differ at ", cuda, ", seed ",
        host_cuda::settings().seed);
}

constexpr DType kOutTypes[] = {DType::kF16, DType::kBF16, DType::kF32};
constexpr Layout kLayouts[] = {Layout::kNCHW, Layout::kNHWC};

TEST(normalize_all_types_layouts_and_channels) {
  Random random(11);
  for (const DType dtype : kOutTypes) {
    for (const Layout layout : kLayouts) {
      for (const int64_t channels : {1, 2, 3, 4}) {
        for (const int64_t width : {1, 7, 8, 24}) {
          for (const bool mirror : {false, true}) {
            const Pairs pairs = kAnyPairs[random() % 5];
            const Mixing mixing = random() % 2 == 0 ? Mixing::kBoxes : Mixing::kNoBox;
            const size_t misalignment = random() % 3 == 0 ? 1 : 0;
            check_normalize(random, dtype, layout, 6, pairs, mixing, {channels, 5, width, true}, mirror, misalignment);
          }
        }
      }
    }
  }
}

TEST(normalize_all_batch_sizes) {
  Random random(12);
  for (const int32_t batch : {0, 1, 2, 3, 5, 64, 257, 1500}) {
    for (const Pairs pairs : kAnyPairs) {
      if (batch == 0 && pairs == Pairs::kRepeats) continue;
      const DType dtype = kOutTypes[random() % 3];
      check_normalize(random, dtype, kLayouts[random() % 2], batch, pairs, Mixing::kBoxes, {3, 2, 16, true}, true, 0);
    }
  }
}

TEST(normalize_many_thread_orders) {
  Random random(13);
  host_cuda::settings().interrupt_one_in = 3;
  for (int round = 0; round < 20; ++round) {
    check_normalize(random, kOutTypes[random() % 3], kLayouts[random() % 2], 2 + random() % 60, kAnyPairs[random() % 5],
                    Mixing::kBoxes, {3, 3, 16, true}, true, 0);
  }
  host_cuda::settings().interrupt_one_in = 0;
}

}  // namespace
}  // namespace fastmix::test
