// What the kernels promise about memory traffic, counted byte by byte.
#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "cases.h"
#include "check.h"
#include "erase_cases.h"
#include "host_cuda.h"
#include "plan/gpu_walk.h"
#include "resample_cases.h"

namespace fastmix::test {
namespace {

using host_cuda::Watch;

bool all_equal(const std::vector<uint16_t>& counts, int64_t begin, int64_t bytes, uint16_t value) {
  return std::all_of(counts.begin() + begin, counts.begin() + begin + bytes, [&](uint16_t c) { return c == value; });
}

void check_in_place(Random& random, DType dtype, int32_t batch, Pairs pairs, Mixing mixing, Shape shape) {
  MixCase mix_case(random, dtype, shape, random_plan(random, batch, pairs, mixing, shape.height, shape.width), true,
                   random() % 4 == 0 ? 1 : 0);
  const PlanView plan = mix_case.plan.view();
  const Watch watch(mix_case.out->data(), mix_case.out->size());
  mix_cuda(mix_case.params, nullptr);
  std::vector<bool> partner_of_someone(batch, false);
  for (int32_t i = 0; i < batch; ++i) {
    if (!plan.untouched(i)) partner_of_someone[plan.rows[i].partner] = true;
  }
  for (int32_t i = 0; i < batch; ++i) {
    const int64_t begin = i * mix_case.sample_bytes();
    const uint16_t writes = plan.untouched(i) ? 0 : 1;
    const uint16_t reads = writes == 1 || partner_of_someone[i] ? 1 : 0;
    CHECK(all_equal(watch.writes, begin, mix_case.sample_bytes(), writes), mix_case.describe(), ": sample ", i,
          " is not written ", writes, " times");
    CHECK(all_equal(watch.reads, begin, mix_case.sample_bytes(), reads), mix_case.describe(), ": sample ", i,
          " is not read ", reads, " times");
  }
}

TEST(traffic_in_place_is_one_read_and_one_write) {
  Random random(31);
  for (const DType dtype : {DType::kU8, DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
    for (const Pairs pairs : kPermutations) {
      for (const Mixing mixing : {Mixing::kAllBlended, Mixing::kBoxes}) {
        for (const int32_t batch : {2, 5, 64}) check_in_place(random, dtype, batch, pairs, mixing, {3, 8, 8, false});
        check_in_place(random, dtype, 9, pairs, mixing, {3, 5, 7, true});
      }
    }
  }
  check_in_place(random, DType::kU8, 256, Pairs::kCycle, Mixing::kAllBlended, {3, 16, 16, false});
  check_in_place(random, DType::kBF16, 1500, Pairs::kPermutation, Mixing::kAllBlended, {1, 4, 8, false});
}

TEST(traffic_out_of_place_is_one_read_and_one_write_for_permutations) {
  Random random(32);
  for (const Pairs pairs : kAnyPairs) {
    MixCase mix_case(random, DType::kF32, {3, 8, 8, false}, random_plan(random, 50, pairs, Mixing::kAllBlended, 8, 8),
                     false, 0);
    const Watch in(mix_case.in->data(), mix_case.in->size());
    const Watch out(mix_case.out->data(), mix_case.out->size());
    mix_cuda(mix_case.params, nullptr);
    const auto bytes = static_cast<int64_t>(out.writes.size());
    CHECK(all_equal(out.writes, 0, bytes, 1) && all_equal(out.reads, 0, bytes, 0), "output");
    CHECK(all_equal(in.writes, 0, bytes, 0), "the input is written");
    if (pairs != Pairs::kRepeats) CHECK(all_equal(in.reads, 0, bytes, 1), "the input is not read once");
  }
}

TEST(traffic_normalize_is_one_read_and_one_write_for_permutations) {
  Random random(33);
  for (const Layout layout : {Layout::kNCHW, Layout::kNHWC}) {
    for (const Pairs pairs : kPermutations) {
      for (const int64_t width : {13, 16}) {
        for (const int64_t channels : {1, 3, 4}) {
          NormalizeCase normalize_case(random, width == 13 ? DType::kF32 : DType::kBF16, layout,
                                       {channels, 6, width, true},
                                       random_plan(random, 40, pairs, Mixing::kBoxes, 6, width), true, 0);
          const Watch in(normalize_case.in->data(), normalize_case.in->size());
          const Watch out(normalize_case.out->data(), normalize_case.out->size());
          normalize_mix_cuda(normalize_case.params, nullptr);
          const auto in_bytes = static_cast<int64_t>(in.reads.size());
          const auto out_bytes = static_cast<int64_t>(out.writes.size());
          CHECK(all_equal(in.reads, 0, in_bytes, 1), normalize_case.describe(), ": input not read once");
          CHECK(all_equal(out.writes, 0, out_bytes, 1), normalize_case.describe(), ": output not written once");
          CHECK(all_equal(in.writes, 0, in_bytes, 0) && all_equal(out.reads, 0, out_bytes, 0), "wrong direction");
        }
      }
    }
  }
}

// A sector is what the memory writes at a time: half-written ones would cost as much as whole ones.
TEST(traffic_normalize_writes_whole_sectors) {
  Random random(34);
  for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF32}) {
    for (const Layout layout : {Layout::kNCHW, Layout::kNHWC}) {
      for (const int64_t channels : {1, 3}) {
        NormalizeCase normalize_case(random, dtype, layout, {channels, 8, 64, true},
                                     random_plan(random, 9, Pairs::kCycle, Mixing::kBoxes, 8, 64), true, 0);
        const Watch in(normalize_case.in->data(), normalize_case.in->size());
        const Watch out(normalize_case.out->data(), normalize_case.out->size());
        normalize_mix_cuda(normalize_case.params, nullptr);
        CHECK(out.sector_bytes() == out.writes.size(), normalize_case.describe(), ": ", out.sector_bytes(),
              " bytes of sectors for ", out.writes.size());
      }
    }
  }
}

// Runs resample and checks what it reads and writes; `most` times a source's bytes may be read on average.
void check_resampled(Random& random, int32_t channels, int32_t height, int32_t width, const WindowedImage& source,
                     double most) {
  LevelsCase levels(random, channels, Filter::kBilinear, height, width, {source}, 3);
  const Watch out(levels.out->data(), levels.out->size());
  std::vector<std::unique_ptr<Watch>> images;
  for (const auto& memory : levels.memory) images.push_back(std::make_unique<Watch>(memory->data(), memory->size()));
  resample_cuda(levels.params, nullptr);
  const std::string what =
      concat(channels, " channels, ", source.height, " x ", source.width, " to ", height, " x ", width);
  CHECK(all_equal(out.writes, 0, static_cast<int64_t>(out.writes.size()), 1), what, ": output not written once");
  CHECK(all_equal(out.reads, 0, static_cast<int64_t>(out.reads.size()), 0), what, ": output read");
  for (size_t i = 0; i < images.size(); ++i) {
    const Source cropped = source_of(levels.images[i], levels.windows[i], levels.sampling[i], channels);
    const std::vector<uint16_t>& reads = images[i]->reads;
    const int64_t begin = cropped.data - images[i]->base, end = cropped.end(channels) - images[i]->base;
    CHECK(all_equal(reads, 0, begin, 0) && all_equal(reads, end, static_cast<int64_t>(reads.size()) - end, 0), what,
          ": bytes beyond the crop are read");
    CHECK(all_equal(images[i]->writes, 0, static_cast<int64_t>(reads.size()), 0), what, ": the input is written");
    const int64_t bytes = int64_t{cropped.height} * cropped.width * channels;
    const auto total = std::accumulate(reads.begin(), reads.end(), int64_t{0});
    CHECK(static_cast<double>(total) <= most * static_cast<double>(bytes), what, ": ", total, " bytes read of ", bytes);
  }
}

// Four pixels are three words of a row that begins with a whole word, else four: with one tile 4 / 3 of the bytes, and
// up to three pixels more at the end of a row. Neighbouring tiles share the taps at their border.
TEST(traffic_resample_reads_words_once_a_tile) {
  Random random(35);
  for (const int32_t channels : {1, 2, 3, 4}) {
    const double words = (channels + 1.0) / channels;
    check_resampled(random, channels, 16, 32, {20, 38, {0, 0, 20, 38}}, words * 40 / 38);
    check_resampled(random, channels, 16, 32, {60, 32, {0, 0, 60, 32}}, words);
    check_resampled(random, channels, 16, 32, {20, 1100, {0, 0, 20, 1100}}, words);
    check_resampled(random, channels, 13, 27, {50, 61, {11, 7, 25, 33}}, words * 36 / 33);
    check_resampled(random, channels, 48, 96, {100, 200, {0, 0, 100, 200}}, words * 1.35);
    check_resampled(random, channels, 1, 1, {1, 1, {0, 0, 1, 1}}, 1);
    check_resampled(random, channels, 5, 40, {1, 40, {0, 0, 1, 40}}, words * 1.2);
  }
}

TEST(traffic_resample_loads_and_stores_few_sectors) {
  Random random(36);
  for (const int32_t channels : {1, 2, 3, 4}) {
    LevelsCase levels(random, channels, Filter::kBilinear, 32, 64, {{64, 128, {0, 0, 64, 128}}}, 1);
    const Watch out(levels.out->data(), levels.out->size());
    const Watch image(levels.memory[0]->data(), levels.memory[0]->size());
    resample_cuda(levels.params, nullptr);
    CHECK(out.sector_bytes() == out.writes.size(), channels, " channels: ", out.sector_bytes(),
          " bytes of sectors for ", out.writes.size());
    // Lanes load words that lie `channels` words apart, so each load of a warp touches that many times its bytes.
    const auto read = std::accumulate(image.reads.begin(), image.reads.end(), uint64_t{0});
    CHECK(image.loaded_sector_bytes() <= (channels + 1) * read, channels, " channels: ", image.loaded_sector_bytes(),
          " bytes of sectors for ", read, " of ", image.reads.size());
  }
}

// What plain loops over all boxes read and write.
TEST(traffic_erase_touches_boxes_only) {
  Random random(37);
  for (const Layout layout : {Layout::kNCHW, Layout::kNHWC}) {
    for (const Pairs pairs : kAnyPairs) {
      constexpr int32_t kSamples = 5, kHeight = 12, kWidth = 40;
      const int64_t plane = kHeight * kWidth;
      SamplePlan samples;
      for (int32_t i = 0; i < kSamples; ++i) {
        std::vector<SampleOperation> boxes;
        for (uint32_t k = random() % 3; k > 0; --k) {
          const EraseBox box = {static_cast<int32_t>(random() % kHeight), static_cast<int32_t>(random() % kWidth),
                                static_cast<int32_t>(random() % kHeight), static_cast<int32_t>(random() % kWidth)};
          boxes.push_back(random() % 2 == 0 ? box_of(box, random() % 2 == 0, 0.5f)
                                            : noise_box_of(box, random() % 2 == 0, false, i));
        }
        samples.add(0, boxes);
      }
      EraseCase erase(random, DType::kBF16, layout, kHeight, kWidth, samples,
                      random_plan(random, kSamples, pairs, Mixing::kBoxes, kHeight, kWidth));
      const PlanView plan = erase.plan.view();
      std::vector<uint16_t> reads(erase.images->size()), writes(erase.images->size());
      const auto covers = [&](int32_t i, int32_t k, bool before_mixing, int64_t pixel) {
        const SampleOperation& operation = erase.params.samples.operations(i)[k];
        const EraseBox box = erase_box(operation);
        const int64_t y = pixel / kWidth - box.y, x = pixel % kWidth - box.x;
        return ((operation.flags() & kBeforeMixing) != 0) == before_mixing && y >= 0 && y < box.height && x >= 0 &&
               x < box.width;
      };
      const auto boxes_over = [&](int32_t i, bool before_mixing, int64_t pixel) {
        uint16_t count = 0;
        for (int32_t k = 0; k < erase.params.samples.row(i).count; ++k) count += covers(i, k, before_mixing, pixel);
        return count;
      };
      for (int32_t i = 0; i < kSamples; ++i) {
        const int32_t partner = plan.rows[i].partner;
        const bool mixed = !plan.untouched(i);
        for (int64_t pixel = 0; pixel < plane; ++pixel) {
          const uint16_t after = boxes_over(i, false, pixel), own = boxes_over(i, true, pixel);
          const uint16_t others = mixed ? boxes_over(partner, true, pixel) : 0;
          const auto times = static_cast<uint16_t>(after + own + others);
          for (int64_t c = 0; c < 3; ++c) {
            writes[(i * 3 + c) * plane + pixel] += times;
            if (after == 0 && own == 0) reads[(i * plane + pixel) * 3 + c] += times;
            if (after == 0 && mixed && others == 0) reads[(partner * plane + pixel) * 3 + c] += times;
          }
        }
      }
      const Watch in(erase.images->data(), erase.images->size());
      const Watch out(erase.out->data(), erase.out->size());
      erase.launch();
      CHECK(in.reads == reads, "levels that no box needs are read, or others are not");
      for (size_t k = 0; k < writes.size(); ++k) {
        const size_t image = k / (3 * plane), pixel = k % plane, c = k / plane % 3;
        const size_t at = layout == Layout::kNCHW ? k : (image * plane + pixel) * 3 + c;
        CHECK(out.writes[2 * at] == writes[k] && out.writes[2 * at + 1] == writes[k], "element ", k, " is written ",
              out.writes[2 * at], " times, not ", writes[k]);
      }
    }
  }
}

}  // namespace
}  // namespace fastmix::test
