// Augmentation: a chain gives the pixels of its operations one by one, on every CPU set.
#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "augment/augment_image.h"
#include "augment/augment_kernels.h"
#include "augment/pixel_math.h"
#include "augment/sample_plan.h"
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

struct Size {
  int64_t height, width;
};
constexpr Size kSizes[] = {{1, 1}, {1, 70}, {70, 1}, {2, 3}, {19, 35}, {64, 64}, {40, 100}};

using Pixels = std::vector<uint8_t>;

// Noise, or a few levels in blocks, so that statistics meet empty bins.
Pixels random_image(const Size& size, std::mt19937& random) {
  Pixels image(3 * size.height * size.width);
  const bool few = random() % 2 == 0;
  for (uint8_t& level : image) level = static_cast<uint8_t>(few ? 50 * (random() % 5) : random() % 256);
  return image;
}

SampleOperation operation_of(Opcode opcode, float a, int32_t b = 0, int32_t c = 0, int32_t flags = 0) {
  return {static_cast<int32_t>(opcode) | flags << 8, {bit_cast<int32_t>(a), b, c}};
}

// Any operation that stands alone.
SampleOperation random_operation(const Size& size, std::mt19937& random) {
  const auto uniform = [&](float low, float high) {
    return low + (high - low) * static_cast<float>(random() % 4096) / 4096.0f;
  };
  const int32_t color = static_cast<int32_t>(random() % (1 << 24)), filter = static_cast<int32_t>(random() % 3);
  const auto coordinate = [&](int64_t most) { return static_cast<int32_t>(random() % (most + 2)); };
  const Opcode opcode = static_cast<Opcode>(random() % kOpcodes);
  switch (opcode) {
    case Opcode::kPosterize:
      return operation_of(opcode, static_cast<float>(random() % 9));
    case Opcode::kSolarize:
      return operation_of(opcode, uniform(0, 256));
    case Opcode::kSolarizeAdd:
      return operation_of(opcode, static_cast<float>(random() % 128));
    case Opcode::kBrightness:
    case Opcode::kContrast:
    case Opcode::kColor:
    case Opcode::kSharpness:
      return operation_of(opcode, uniform(0, 2));
    case Opcode::kHue:
      return operation_of(opcode, uniform(-0.5f, 0.5f));
    case Opcode::kGaussianBlur:
      return operation_of(opcode, uniform(0, 4));
    case Opcode::kShearX:
    case Opcode::kShearY:
      return operation_of(opcode, uniform(-1, 1), color, 0, filter);
    case Opcode::kTranslateX:
    case Opcode::kTranslateY:
      return operation_of(opcode, uniform(-40, 40), color, 0, filter);
    case Opcode::kRotate:
      return operation_of(opcode, random() % 3 == 0 ? 90.0f * (random() % 4) : uniform(-360, 360), color, 0, filter);
    case Opcode::kEraseConstant: {
      SampleOperation erase = operation_of(opcode, 0.0f, coordinate(size.height) | coordinate(size.width) << 16, color);
      erase.word[0] = coordinate(size.height) | coordinate(size.width) << 16;
      return erase;
    }
    case Opcode::kPadCrop: {
      SampleOperation crop = operation_of(opcode, 0.0f, 0, color);
      crop.word[0] = coordinate(2 * size.height) - static_cast<int32_t>(size.height);
      crop.word[1] = coordinate(2 * size.width) - static_cast<int32_t>(size.width);
      const bool inside = std::abs(crop.word[0]) < size.height && std::abs(crop.word[1]) < size.width;
      if (inside && random() % 2 == 0) crop.word[2] |= 1 << 24;
      return crop;
    }
    case Opcode::kEraseNormal:
    case Opcode::kErasePixelsNormalized:
    case Opcode::kAugMixBegin:
    case Opcode::kAugMixChainEnd:
    case Opcode::kAugMixEnd:
      return operation_of(Opcode::kEqualize, 0.0f);
    default:
      return operation_of(opcode, 0.0f);
  }
}

// A row with its operations, as they lie in a plan.
struct Sample {
  Sample(int32_t flags, const std::vector<SampleOperation>& operations)
      : words(kSampleRowWords + kOperationWords * operations.size()) {
    SampleRow row;
    row.flags = flags;
    row.count = static_cast<int32_t>(operations.size());
    std::memcpy(words.data(), &row, sizeof(row));
    std::copy_n(reinterpret_cast<const int32_t*>(operations.data()), kOperationWords * operations.size(),
                words.data() + kSampleRowWords);
  }
  SamplePlanView view() const { return {words.data(), 1, static_cast<int32_t>(words.size())}; }
  std::vector<int32_t> words;
};

Pixels augmented(const Size& size, const AugmentKernels& kernels, const Sample& sample, Pixels image) {
  validate("test", sample.view());
  validate_pixels_only("test", sample.view(), size.height, size.width);
  ImageAugmenter augmenter(size.height, size.width, kernels);
  const uint8_t* const done = augmenter.run(sample.view().row(0), sample.view().operations(0), image.data());
  return Pixels(done, done + image.size());
}

}  // namespace

TEST(a_chain_equals_its_operations_one_by_one) {
  std::mt19937 random(7);
  const std::vector<const AugmentKernels*> sets = kernel_sets();
  for (const Size& size : kSizes) {
    for (int trial = 0; trial < 60; ++trial) {
      const Pixels image = random_image(size, random);
      const int32_t flags = static_cast<int32_t>(random() % 4);
      std::vector<SampleOperation> chain(random() % 6);
      Pixels expected = augmented(size, *sets[0], Sample(flags, {}), image);
      for (SampleOperation& operation : chain) {
        operation = random_operation(size, random);
        expected = augmented(size, *sets[0], Sample(0, {operation}), expected);
      }
      for (size_t set = 0; set < sets.size(); ++set) {
        CHECK(augmented(size, *sets[set], Sample(flags, chain), image) == expected, "set ", set, ", trial ", trial,
              ", size ", size.height, " x ", size.width);
      }
    }
  }
}

TEST(every_set_runs_each_operation_alike) {
  std::mt19937 random(8);
  const std::vector<const AugmentKernels*> sets = kernel_sets();
  for (const Size& size : kSizes) {
    for (int trial = 0; trial < 200; ++trial) {
      const Pixels image = random_image(size, random);
      const Sample sample(0, {random_operation(size, random)});
      const Pixels expected = augmented(size, *sets[0], sample, image);
      for (size_t set = 1; set < sets.size(); ++set) {
        CHECK(augmented(size, *sets[set], sample, image) == expected, "set ", set, ", opcode ",
              name_of(sample.view().operations(0)->opcode()), ", size ", size.height, " x ", size.width);
      }
    }
  }
}

TEST(augmix_sums_its_chains) {
  std::mt19937 random(9);
  const Size size = {13, 29};
  const Pixels image = random_image(size, random);
  const std::vector<SampleOperation> chain = {
      operation_of(Opcode::kAugMixBegin, 0.25f),   operation_of(Opcode::kInvert, 0.0f),
      operation_of(Opcode::kAugMixChainEnd, 0.5f), operation_of(Opcode::kPosterize, 3.0f),
      operation_of(Opcode::kAugMixChainEnd, 0.3f), operation_of(Opcode::kAugMixEnd, 0.1f, bit_cast<int32_t>(0.9f))};
  for (const AugmentKernels* kernels : kernel_sets()) {
    const Pixels mixed = augmented(size, *kernels, Sample(0, chain), image);
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
