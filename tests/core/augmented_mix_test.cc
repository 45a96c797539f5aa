// resample_mix with a sample plan: the CPU job against resample_image, ImageAugmenter and plain loops, the CUDA kernels
// against the CPU job.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "augment/augment_image.h"
#include "augment_cases.h"
#include "cases.h"
#include "check.h"
#include "erase_cases.h"
#include "formula/mix_math.h"
#include "host_cuda.h"
#include "resample/resample.h"
#include "resample_cases.h"
#include "resample_mix/resample_mix.h"

namespace fastmix::test {

namespace {

constexpr int32_t kSlots = 3, kWords = kSampleRowWords + kSlots * kOperationWords;

// Tables, statistics, a stencil, warps, and a box that the border clips.
const std::vector<SampleOperation> kOperations = {
    operation_of(Opcode::kInvert, 0.0f),
    operation_of(Opcode::kEqualize, 0.0f),
    operation_of(Opcode::kSharpness, 1.7f),
    operation_of(Opcode::kGaussianBlur, 0.8f),
    operation_of(Opcode::kShearX, 0.3f, 0x102030, 0, 1),
    operation_of(Opcode::kRotate, 33.0f, 0, 0, 2),
    operation_of(Opcode::kEraseConstant, bit_cast<float>(2 | 3 << 16), 40 | 40 << 16, 0xffeedd),
};

std::vector<int32_t> random_samples(Random& random, int32_t batch) {
  std::vector<int32_t> words(static_cast<size_t>(batch) * kWords);
  for (int32_t i = 0; i < batch; ++i) {
    SampleRow row;
    row.flags = static_cast<int32_t>(random() % 4) | static_cast<int32_t>(random() % kFilters) << 8;
    row.count = static_cast<int32_t>(random() % kSlots);
    int32_t* const to = words.data() + i * kWords;
    for (int32_t k = 0; k < row.count; ++k) {
      std::memcpy(to + kSampleRowWords + k * kOperationWords, &kOperations[random() % kOperations.size()],
                  sizeof(SampleOperation));
    }
    std::memcpy(to, &row, sizeof(row));
  }
  return words;
}

// The box (2, 1) to (7, 5) of sample i, erased in the normalised output.
void add_erasing(std::vector<int32_t>& words, int32_t i, Opcode opcode, bool before_mixing) {
  int32_t* const row = words.data() + i * kWords;
  const EraseBox box = {2, 1, 5, 4};
  const SampleOperation erasing = opcode == Opcode::kErasePixelsNormalized ? box_of(box, before_mixing, 0.25f)
                                                                           : noise_box_of(box, before_mixing, false, 9);
  std::memcpy(row + kSampleRowWords + row[8] * kOperationWords, &erasing, sizeof(erasing));
  ++row[8];
}

// HWC.
std::vector<uint8_t> augmented(const ResampleMixParams& params, int32_t i) {
  const int64_t pixels = int64_t{params.height} * params.width;
  std::vector<uint8_t> image(3 * pixels), planes(3 * pixels);
  ResampleScratch scratch;
  const SourceArrays& from = params.sources;
  resample_image(source_of(from.images[i], from.windows[i], from.sampling[i], 3), 3, params.height, params.width,
                 params.mirror[i], image.data(), scratch);
  for (int64_t k = 0; k < 3 * pixels; ++k) planes[k % 3 * pixels + k / 3] = image[k];
  SampleRow row = params.samples.row(i);
  row.count = count_pixel_operations(params.samples, i);
  ImageAugmenter augmenter(params.height, params.width);
  const uint8_t* const done = augmenter.run(row, params.samples.operations(i), planes.data());
  for (int64_t k = 0; k < 3 * pixels; ++k) image[k] = done[k % 3 * pixels + k / 3];
  return image;
}

float element(const ResampleMixParams& params, int32_t i, int64_t y, int64_t x, int32_t c) {
  const int64_t pixel = y * params.width + x, pixels = int64_t{params.height} * params.width;
  const int64_t at = params.out_layout == Layout::kNHWC ? pixel * 3 + c : c * pixels + pixel;
  const auto* const out =
      static_cast<const unsigned char*>(params.out) + (i * 3 * pixels + at) * size_of(params.out_dtype);
  float value;
  Half half;
  BFloat16 brain;
  std::memcpy(&value, out, params.out_dtype == DType::kF32 ? 4 : 2);
  std::memcpy(&half, out, 2);
  std::memcpy(&brain, out, 2);
  return params.out_dtype == DType::kF32 ? value : params.out_dtype == DType::kF16 ? to_float(half) : to_float(brain);
}

float rounded(DType dtype, float value) {
  return dtype == DType::kF32 ? value : dtype == DType::kF16 ? to_float(to_half(value)) : to_float(to_bfloat16(value));
}

// The kernels' bytes are the CPU's.
void check_on_cuda(ResampleCase& resample_case) {
  Memory& out = *resample_case.out;
  const std::vector<unsigned char> expected(out.data(), out.data() + out.size());
  std::memset(out.data(), 0x5a, out.size());
  std::unique_ptr<Memory> scratch;
  const uint64_t launches = host_cuda::counters().launches;
  launch_augmented_mix(
      resample_case.params,
      [&](int64_t bytes) {
        scratch = std::make_unique<Memory>(bytes, 0);
        return scratch->data();
      },
      nullptr);
  CHECK(host_cuda::counters().launches <= launches + 4, "too many launches");
  for (size_t k = 0; k < expected.size(); ++k)
    CHECK(out.data()[k] == expected[k], resample_case.describe(), ": CUDA differs at byte ", k);
}

// `in_box` judges an element of an erased box, and returns false for elements that no box covers.
template <typename InBox>
void check_augmented(ResampleCase& resample_case, const std::vector<int32_t>& words, const InBox& in_box) {
  ResampleMixParams& params = resample_case.params;
  params.samples = {words.data(), params.plan.batch, kWords};
  take_windows(params.samples, false, resample_case.windows.data(), resample_case.sampling.data());
  validate(params);
  std::fill_n(resample_case.out->data(), resample_case.out->size(), static_cast<unsigned char>(0xa5));
  run_job(*resample_mix_cpu(params));
  check_on_cuda(resample_case);
  std::vector<std::vector<uint8_t>> images;
  for (int32_t i = 0; i < params.plan.batch; ++i) images.push_back(augmented(params, i));
  for (int32_t i = 0; i < params.plan.batch; ++i) {
    for (int64_t k = 0; k < static_cast<int64_t>(images[i].size()); ++k) {
      const int64_t y = k / 3 / params.width, x = k / 3 % params.width;
      const auto c = static_cast<int32_t>(k % 3);
      const float found = element(params, i, y, x, c);
      if (in_box(i, y, x, found)) continue;
      const Extent extent = {1, params.height, params.width};
      const float weight = weight_at(params.plan, i, extent, 0, y, x);
      const float expected = normalize_element(images[i][k], images[params.plan.rows[i].partner][k], weight,
                                               params.scale[c], params.bias[c]);
      CHECK(found == rounded(params.out_dtype, expected), resample_case.describe(), ": sample ", i, " differs at ", k);
    }
  }
}

constexpr DType kOutTypes[] = {DType::kF32, DType::kF16, DType::kBF16};
constexpr Mixing kMixings[] = {Mixing::kBoxes, Mixing::kMasks, Mixing::kWholeMasks};
const std::vector<WindowedImage> kSources = {
    {53, 61, {3, 5, 50, 40}}, {40, 50, {0, 0, 40, 50}}, {1, 1, {0, 0, 1, 1}}, {33, 70, {0.25f, 10.5f, 20.75f, 59.5f}}};

TEST(augmented_mix_all_types_layouts_and_batches) {
  Random random(61);
  for (const DType dtype : kOutTypes) {
    for (const Layout layout : {Layout::kNCHW, Layout::kNHWC}) {
      for (const int32_t batch : {0, 1, 2, 7, 20}) {
        const Pairs pairs = batch == 0 ? Pairs::kCycle : kAnyPairs[random() % 5];
        const int32_t height = 1 + random() % 34, width = 1 + random() % 70;
        ResampleCase resample_case(random, dtype, layout, 3, Filter::kBilinear, height, width, kSources,
                                   random_plan(random, batch, pairs, kMixings[random() % 3], height, width));
        check_augmented(resample_case, random_samples(random, batch), [](auto...) { return false; });
      }
    }
  }
}

// Mixed boxes are checked in Python; here each sample stays alone.
TEST(augmented_mix_erases_the_normalised_output) {
  Random random(62);
  for (const Opcode opcode : {Opcode::kErasePixelsNormalized, Opcode::kEraseNormal}) {
    for (const bool before_mixing : {false, true}) {
      for (const DType dtype : kOutTypes) {
        ResampleCase resample_case(random, dtype, random() % 2 == 0 ? Layout::kNCHW : Layout::kNHWC, 3,
                                   Filter::kBilinear, 9, 4, kSources,
                                   random_plan(random, 4, Pairs::kIdentity, Mixing::kNoBox, 9, 4));
        std::vector<int32_t> words = random_samples(random, 4);
        add_erasing(words, 2, opcode, before_mixing);
        check_augmented(resample_case, words, [&](int32_t i, int64_t y, int64_t x, float found) {
          if (i != 2 || y < 2 || y >= 7 || x < 1) return false;
          CHECK(opcode == Opcode::kEraseNormal ? std::abs(found) < 7.0f : found == 0.25f, "erased with ", found);
          return true;
        });
      }
    }
  }
}

// Boxes of both images, before and after mixing, that overlap and that borders clip.
TEST(augmented_mix_erases_mixed_boxes_on_cuda) {
  Random random(63);
  for (const DType dtype : kOutTypes) {
    for (const Layout layout : {Layout::kNCHW, Layout::kNHWC}) {
      for (const Mixing mixing : kMixings) {
        // The boxes of 600 samples are too many for a kernel's parameters.
        const bool many = dtype == DType::kF32 && layout == Layout::kNCHW && mixing == Mixing::kBoxes;
        const int32_t batch = many ? 600 : 6, height = 11, width = 9;
        ResampleCase resample_case(random, dtype, layout, 3, Filter::kBilinear, height, width, kSources,
                                   random_plan(random, batch, kAnyPairs[random() % 5], mixing, height, width));
        SamplePlan plan;
        for (int32_t i = 0; i < batch; ++i) {
          std::vector<SampleOperation> operations = {kOperations[random() % kOperations.size()]};
          for (uint32_t k = random() % 4; k > 0; --k) {
            const EraseBox box = {static_cast<int32_t>(random() % 12), static_cast<int32_t>(random() % 10),
                                  static_cast<int32_t>(random() % 9), static_cast<int32_t>(random() % 9)};
            const bool before_mixing = random() % 2 == 0;
            operations.push_back(random() % 2 == 0 ? box_of(box, before_mixing, -1.5f)
                                                   : noise_box_of(box, before_mixing, random() % 2 == 0, 77));
          }
          plan.add(static_cast<int32_t>(random() % 4) | static_cast<int32_t>(random() % kFilters) << 8, operations);
        }
        ResampleMixParams& params = resample_case.params;
        params.samples = plan.view();
        take_windows(params.samples, false, resample_case.windows.data(), resample_case.sampling.data());
        validate(params);
        run_job(*resample_mix_cpu(params));
        check_on_cuda(resample_case);
      }
    }
  }
}

}  // namespace

}  // namespace fastmix::test
