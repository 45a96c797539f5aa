// Plans with masks, boxes and single weights in one launch: kernels, CPU jobs and naive loops give the same bits.
#include "plan/mask.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "cases.h"
#include "check.h"
#include "formula/mix_math.h"
#include "host_cuda.h"

namespace fastmix::test {
namespace {

constexpr DType kAllTypes[] = {DType::kU8, DType::kF16, DType::kBF16, DType::kF32, DType::kF64};
constexpr Shape kShapes[] = {
    {3, 8, 16, false}, {3, 8, 16, true}, {2, 5, 7, false}, {3, 3, 5, true}, {2, 1, 130, false}};

using Job = std::unique_ptr<CpuJob> (*)(const MixParams&);
using Kernel = void (*)(const MixParams&, CudaStream);

void check_against(MixCase& batch, const std::vector<unsigned char>& expected, Job job, Kernel kernel) {
  const int64_t count = batch.plan.batch() * batch.params.elements;
  if (!batch.params.in_place) {
    run_job(*job(batch.params));
    const int64_t cpu = first_difference(batch.params.dtype, batch.out->data(), expected.data(), count);
    CHECK(cpu < 0, batch.describe(), ": CPU job and naive loop differ at ", cpu);
    std::fill_n(batch.out->data(), batch.out->size(), static_cast<unsigned char>(0xa5));
  }
  kernel(batch.params, nullptr);
  const int64_t cuda = first_difference(batch.params.dtype, batch.out->data(), expected.data(), count);
  CHECK(cuda < 0, batch.describe(), ": kernel and naive loop differ at ", cuda, ", seed ", host_cuda::settings().seed);
}

MixCase masked_case(Random& random, DType dtype, int32_t batch, Pairs pairs, Shape shape, bool in_place) {
  host_cuda::settings().seed = random();
  const int64_t depth = shape.channels_last ? 1 : shape.channels;
  return MixCase(random, dtype, shape,
                 random_plan(random, batch, pairs, Mixing::kMasks, shape.height, shape.width, depth), in_place,
                 random() % 3 == 0 ? 1 : 0);
}

void check_mix(Random& random, DType dtype, int32_t batch, Pairs pairs, Shape shape, bool in_place) {
  MixCase mix_case = masked_case(random, dtype, batch, pairs, shape, in_place);
  validate(mix_case.params);
  check_against(mix_case, naive_mix(mix_case.params), mix_cpu, mix_cuda);
  if (!in_place) return;
  // The CPU job in place, too.
  std::copy_n(mix_case.in->data(), mix_case.in->size(), mix_case.out->data());
  const std::vector<unsigned char> expected = naive_mix(mix_case.params);
  run_job(*mix_cpu(mix_case.params));
  const int64_t cpu = first_difference(dtype, mix_case.out->data(), expected.data(), batch * shape.elements());
  CHECK(cpu < 0, mix_case.describe(), ": CPU job in place and naive loop differ at ", cpu);
}

TEST(masks_all_types_and_layouts) {
  Random random(51);
  for (const DType dtype : kAllTypes) {
    for (const Shape& shape : kShapes) {
      for (const Pairs pairs : kAnyPairs) {
        for (int round = 0; round < 3; ++round) {
          check_mix(random, dtype, 7, pairs, shape, false);
          if (pairs != Pairs::kRepeats) check_mix(random, dtype, 7, pairs, shape, true);
        }
      }
    }
  }
}

TEST(masks_all_batch_sizes) {
  Random random(52);
  for (const int32_t batch : {1, 2, 3, 64, 257, 1500}) {
    for (const Pairs pairs : kPermutations) {
      check_mix(random, kAllTypes[random() % 5], batch, pairs, {3, 4, 8, false}, true);
      check_mix(random, kAllTypes[random() % 5], batch, pairs, {3, 4, 8, true}, false);
    }
  }
}

TEST(masks_many_thread_orders) {
  Random random(53);
  host_cuda::settings().interrupt_one_in = 3;
  for (int round = 0; round < 30; ++round) {
    check_mix(random, kAllTypes[random() % 5], 2 + random() % 90, kPermutations[1 + random() % 3], {3, 4, 16, false},
              true);
  }
  host_cuda::settings().interrupt_one_in = 0;
}

TEST(masks_gradients) {
  Random random(54);
  for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
    for (const Shape& shape : kShapes) {
      for (const Pairs pairs : kAnyPairs) {
        MixCase gradient = masked_case(random, dtype, 9, pairs, shape, false);
        check_against(gradient, naive_backward(gradient.params), mix_backward_cpu, mix_backward_cuda);
      }
    }
  }
}

TEST(masks_normalize) {
  Random random(55);
  for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF32}) {
    for (const Layout layout : {Layout::kNCHW, Layout::kNHWC}) {
      for (const int64_t width : {13, 16}) {
        for (const int64_t channels : {1, 3, 4}) {
          for (const Pairs pairs : kAnyPairs) {
            host_cuda::settings().seed = random();
            NormalizeCase batch(random, dtype, layout, {channels, 6, width, true},
                                random_plan(random, 9, pairs, Mixing::kMasks, 6, width), random() % 2 == 0, 0);
            validate(batch.params);
            const std::vector<unsigned char> expected = naive_normalize(batch.params);
            const int64_t count = 9 * batch.elements();
            run_job(*normalize_mix_cpu(batch.params));
            const int64_t cpu = first_difference(dtype, batch.out->data(), expected.data(), count);
            CHECK(cpu < 0, batch.describe(), ": CPU job and naive loop differ at ", cpu);
            std::fill_n(batch.out->data(), batch.out->size(), static_cast<unsigned char>(0xa5));
            normalize_mix_cuda(batch.params, nullptr);
            const int64_t cuda = first_difference(dtype, batch.out->data(), expected.data(), count);
            CHECK(cuda < 0, batch.describe(), ": kernel and naive loop differ at ", cuda);
          }
        }
      }
    }
  }
}

TEST(masks_images_are_read_and_written_once) {
  Random random(56);
  for (const DType dtype : kAllTypes) {
    for (const Pairs pairs : kPermutations) {
      MixCase batch = masked_case(random, dtype, 21, pairs, {3, 8, 16, false}, true);
      const PlanView plan = batch.plan.view();
      const host_cuda::Watch watch(batch.out->data(), batch.out->size());
      const host_cuda::Watch masks(batch.plan.masks.data(), batch.plan.masks.size());
      mix_cuda(batch.params, nullptr);
      std::vector<bool> read(21, false);
      for (int32_t i = 0; i < 21; ++i) {
        if (!plan.untouched(i)) read[i] = read[plan.rows[i].partner] = true;
      }
      for (int32_t i = 0; i < 21; ++i) {
        for (int64_t k = i * batch.sample_bytes(); k < (i + 1) * batch.sample_bytes(); ++k) {
          CHECK(watch.writes[k] == (plan.untouched(i) ? 0 : 1), batch.describe(), ": writes of byte ", k);
          CHECK(watch.reads[k] == (read[i] ? 1 : 0), batch.describe(), ": reads of byte ", k);
        }
      }
      CHECK(std::all_of(masks.writes.begin(), masks.writes.end(), [](uint16_t n) { return n == 0; }),
            "a mask is written");
    }
  }
}

TEST(mask_weights_have_exact_ends_and_order) {
  Random random(57);
  for (int round = 0; round < 2000; ++round) {
    const float inside = static_cast<float>(random()) * 0x1p-32f, outside = static_cast<float>(random()) * 0x1p-32f;
    CHECK(mask_weight(0, inside, outside) == outside && mask_weight(255, inside, outside) == inside, "ends");
    for (int level = 1; level < 256; ++level) {
      const float step = mask_weight(static_cast<uint8_t>(level), inside, outside) -
                         mask_weight(static_cast<uint8_t>(level - 1), inside, outside);
      CHECK(inside >= outside ? step >= 0.0f : step <= 0.0f, "levels ", level - 1, " and ", level, " are out of order");
    }
  }
}

TEST(mask_label_weight_is_the_mean_of_the_pixels) {
  Random random(58);
  for (int round = 0; round < 200; ++round) {
    const auto size = [&](int most) { return static_cast<int32_t>(1 + random() % most); };
    const Extent mask{size(3), size(9), size(9)}, image{size(5), size(17), size(17)};
    std::vector<uint8_t> levels(mask.pixels());
    for (uint8_t& level : levels) level = static_cast<uint8_t>(random());
    const float inside = static_cast<float>(random() % 1025) / 1024,
                outside = static_cast<float>(random() % 1025) / 1024;
    double sum = 0.0;
    for (int64_t k = 0; k < image.pixels(); ++k) {
      const int64_t t = k / image.width / image.height, y = k / image.width % image.height, x = k % image.width;
      const int64_t cell = (t * mask.depth / image.depth * mask.height + y * mask.height / image.height) * mask.width +
                           x * mask.width / image.width;
      sum += mask_weight(levels[cell], inside, outside);
    }
    // Sums of up to 1,445 float32 numbers are exact enough in float64 for one float32 rounding either way.
    const double mean = sum / static_cast<double>(image.pixels());
    const double error = mask_label_weight(levels.data(), mask, image, inside, outside) - mean;
    CHECK(error < 0x1p-24 && error > -0x1p-24, "off by ", error);
  }
}

TEST(bad_masks_are_refused) {
  Random random(59);
  Plan plan(2);
  set_partners(plan, {1, 0});
  plan.mask_extent = {1, 2, 2};
  plan.masks.resize(4);
  plan.rows[0].mask = 0;
  validate(plan.view(), 4, 4, true);
  const auto refused = [](const Plan& bad) {
    try {
      validate(bad.view(), 4, 4, true);
    } catch (const Error&) {
      return true;
    }
    return false;
  };
  for (const int32_t index : {-2, 1, INT32_MAX}) {
    Plan bad = plan;
    bad.rows[1].mask = index;
    CHECK(refused(bad), "index ", index, " was taken");
  }
  plan.rows[0].box[2] = plan.rows[0].box[3] = 1;
  CHECK(refused(plan), "a box and a mask were taken");
}

}  // namespace
}  // namespace fastmix::test
