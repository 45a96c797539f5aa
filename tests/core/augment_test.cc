// Augmentation: a chain gives the pixels of its operations one by one, on every CPU set.
#include <algorithm>
#include <random>
#include <vector>

#include "augment/augment_image.h"
#include "augment/augment_kernels.h"
#include "augment/pixel_math.h"
#include "augment/sample_plan.h"
#include "augment_cases.h"
#include "check.h"

namespace fastmix::test {

namespace {

std::vector<const AugmentKernels*> kernel_sets() {
  std::vector<const AugmentKernels*> sets = {&baseline_augment_kernels()};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.push_back(&avx2_augment_kernels());
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    sets.push_back(&avx512_augment_kernels());
  if (__builtin_cpu_supports("avx512vbmi")) sets.push_back(&avx512vbmi_augment_kernels());
#endif
  return sets;
}

constexpr ImageSize kSizes[] = {{1, 1}, {1, 70}, {70, 1}, {2, 3}, {19, 35}, {64, 64}, {40, 100}};

SamplePlan plan_of(int32_t flags, const std::vector<SampleOperation>& operations) {
  SamplePlan plan;
  plan.add(flags, operations);
  return plan;
}

Pixels augmented(const ImageSize& size, const AugmentKernels& kernels, const SamplePlan& sample, Pixels image) {
  validate("test", sample.view());
  validate_pixels_only("test", sample.view(), size.height, size.width);
  ImageAugmenter augmenter(size.height, size.width, kernels);
  const uint8_t* const done = augmenter.run(sample.view().row(0), sample.view().operations(0), image.data());
  return Pixels(done, done + image.size());
}

}  // namespace

TEST(a_chain_equals_its_operations_one_by_one) {
  Random random(7);
  const std::vector<const AugmentKernels*> sets = kernel_sets();
  for (const ImageSize& size : kSizes) {
    for (int trial = 0; trial < 60; ++trial) {
      const Pixels image = random_image(size, random);
      const int32_t flags = static_cast<int32_t>(random() % 4);
      std::vector<SampleOperation> chain(random() % 6);
      Pixels expected = augmented(size, *sets[0], plan_of(flags, {}), image);
      for (SampleOperation& operation : chain) {
        operation = random_operation(size, random);
        expected = augmented(size, *sets[0], plan_of(0, {operation}), expected);
      }
      for (size_t set = 0; set < sets.size(); ++set) {
        CHECK(augmented(size, *sets[set], plan_of(flags, chain), image) == expected, "set ", set, ", trial ", trial,
              ", size ", size.height, " x ", size.width);
      }
    }
  }
}

TEST(every_set_runs_each_operation_alike) {
  Random random(8);
  const std::vector<const AugmentKernels*> sets = kernel_sets();
  for (const ImageSize& size : kSizes) {
    for (int trial = 0; trial < 200; ++trial) {
      const Pixels image = random_image(size, random);
      const SamplePlan sample = plan_of(0, {random_operation(size, random)});
      const Pixels expected = augmented(size, *sets[0], sample, image);
      for (size_t set = 1; set < sets.size(); ++set) {
        CHECK(augmented(size, *sets[set], sample, image) == expected, "set ", set, ", opcode ",
              name_of(sample.view().operations(0)->opcode()), ", size ", size.height, " x ", size.width);
      }
    }
  }
}

TEST(augmix_sums_its_chains) {
  Random random(9);
  const ImageSize size = {13, 29};
  const Pixels image = random_image(size, random);
  const std::vector<SampleOperation> chain = {
      operation_of(Opcode::kAugMixBegin, 0.25f),   operation_of(Opcode::kInvert, 0.0f),
      operation_of(Opcode::kAugMixChainEnd, 0.5f), operation_of(Opcode::kPosterize, 3.0f),
      operation_of(Opcode::kAugMixChainEnd, 0.3f), operation_of(Opcode::kAugMixEnd, 0.1f, bit_cast<int32_t>(0.9f))};
  for (const AugmentKernels* kernels : kernel_sets()) {
    const Pixels mixed = augmented(size, *kernels, plan_of(0, chain), image);
    for (size_t k = 0; k < image.size(); ++k) {
      float sum = 0.25f * image[k];
      sum = sum + 0.5f * static_cast<float>(255 - image[k]);
      sum = sum + 0.3f * static_cast<float>(image[k] & 0xe0);
      const float level = 0.1f * image[k] + 0.9f * sum;
      CHECK(mixed[k] == static_cast<uint8_t>(std::clamp(level, 0.0f, 255.0f)), "element ", k);
    }
  }
}

TEST(a_multiplication_divides_the_smoothed_sum) {
  for (uint32_t s = 0; s <= 13 * 255; ++s) CHECK(smooth_level(s) == (2 * s + 13) / 26, s);
}

}  // namespace fastmix::test
