// resample_mix: the kernel, run by the host shim, and the CPU job against plain loops over the shared formulas.
#include "resample_mix/resample_mix.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "cases.h"
#include "check.h"
#include "formula/mix_math.h"
#include "host_cuda.h"
#include "resample/filter_taps.h"
#include "resample_cases.h"

namespace fastmix::test {
namespace {

// The sum over the taps of one axis, as filter_taps.h defines it.
template <typename Value>
float sum_of_taps(const ResampleAxis& axis, int32_t output, const Value& value) {
  const TapSpan span = tap_span(axis, output);
  float total = 0.0f, sum = 0.0f;
  for (int32_t tap = 0; tap < span.count; ++tap) {
    if (tap > 0 && tap % kTapsPerSum == 0) {
      total += sum;
      sum = 0.0f;
    }
    sum += tap_coefficient(axis, span, tap) * value(span.first + tap);
  }
  return total + sum;
}

// The pixels that the window touches, as an image of their own, and the window in it.
struct Cropped {
  std::vector<uint8_t> pixels;
  int32_t height, width;
  Window window;
};

Cropped crop(const SourceImage& image, Window w, int32_t channels) {
  const auto y = static_cast<int32_t>(w.y), x = static_cast<int32_t>(w.x);
  const int32_t bottom = std::min(static_cast<int32_t>(std::ceil(w.y + w.height)), image.height);
  const int32_t right = std::min(static_cast<int32_t>(std::ceil(w.x + w.width)), image.width);
  Cropped cropped = {{}, bottom - y, right - x, {w.y - y, w.x - x, w.height, w.width}};
  for (int32_t row = y; row < bottom; ++row) {
    const uint8_t* const from = image.data + int64_t{row} * image.width * channels;
    cropped.pixels.insert(cropped.pixels.end(), from + x * channels, from + right * channels);
  }
  return cropped;
}

// Resampled pixels, output coordinates, HWC.
std::vector<float> naive_resample(const ResampleMixParams& params, int32_t i) {
  const int32_t channels = params.channels;
  SourceImage image = params.sources.images[i];
  Window w = params.sources.windows[i];
  const Sampling& sampling = params.sources.sampling[i];
  const Cropped cropped = crop(image, w, channels);
  if (sampling.edges == Edges::kCrop) {
    image = {cropped.pixels.data(), cropped.height, cropped.width};
    w = cropped.window;
  }
  const ResampleAxis down = resample_axis(sampling.filter, w.y, w.height, image.height, params.height);
  const ResampleAxis across = resample_axis(sampling.filter, w.x, w.width, image.width, params.width);
  const int64_t row = int64_t{image.width} * channels;
  std::vector<float> pixels;
  for (int32_t y = 0; y < params.height; ++y) {
    std::vector<float> columns(row);
    for (int64_t k = 0; k < row; ++k)
      columns[k] = sum_of_taps(down, y, [&](int32_t at) { return static_cast<float>(image.data[at * row + k]); });
    for (int32_t x = 0; x < params.width; ++x) {
      const int32_t o = params.mirror[i] ? params.width - 1 - x : x;
      for (int32_t c = 0; c < channels; ++c) {
        const float sum = sum_of_taps(across, o, [&](int32_t at) { return columns[at * channels + c]; });
        pixels.push_back(std::clamp(sum, 0.0f, 255.0f));
      }
    }
  }
  return pixels;
}

std::vector<unsigned char> naive_resample_mix(const ResampleMixParams& params) {
  const PlanView& plan = params.plan;
  const int64_t size = int64_t{params.height} * params.width;
  const int64_t item = size_of(params.out_dtype);
  std::vector<std::vector<float>> pixels;
  for (int32_t i = 0; i < plan.batch; ++i) pixels.push_back(naive_resample(params, i));
  std::vector<unsigned char> out(plan.batch * size * params.channels * item);
  for (int32_t i = 0; i < plan.batch; ++i) {
    for (int64_t pixel = 0; pixel < size; ++pixel) {
      const int64_t y = pixel / params.width, x = pixel % params.width;
      const float weight = plan.untouched(i) ? 1.0f : weight_at(plan, i, {1, params.height, params.width}, 0, y, x);
      for (int32_t c = 0; c < params.channels; ++c) {
        const int64_t at = pixel * params.channels + c;
        const float value =
            normalize_element(pixels[i][at], pixels[plan.rows[i].partner][at], weight, params.scale[c], params.bias[c]);
        const int64_t element =
            i * size * params.channels + (params.out_layout == Layout::kNHWC ? at : int64_t{c} * size + pixel);
        unsigned char* to = out.data() + element * item;
        if (params.out_dtype == DType::kF32) std::memcpy(to, &value, 4);
        const Half half = to_half(value);
        const BFloat16 brain = to_bfloat16(value);
        if (params.out_dtype == DType::kF16) std::memcpy(to, &half, 2);
        if (params.out_dtype == DType::kBF16) std::memcpy(to, &brain, 2);
      }
    }
  }
  return out;
}

void check_resample(const ResampleCase& resample_case, uint32_t seed) {
  const ResampleMixParams& params = resample_case.params;
  const std::vector<unsigned char> expected = naive_resample_mix(params);
  const int64_t count = static_cast<int64_t>(expected.size()) / size_of(params.out_dtype);
  unsigned char* out = resample_case.out->data();

  std::fill_n(out, expected.size(), static_cast<unsigned char>(0xa5));
  run_job(*resample_mix_cpu(params));
  const int64_t cpu = first_difference(params.out_dtype, out, expected.data(), count);
  CHECK(cpu < 0, resample_case.describe(), ": CPU job and naive loop differ at ", cpu);

  std::fill_n(out, expected.size(), static_cast<unsigned char>(0xa5));
  host_cuda::settings().seed = seed;
  resample_mix_cuda(params, nullptr);
  const int64_t cuda = first_difference(params.out_dtype, out, expected.data(), count);
  CHECK(cuda < 0, resample_case.describe(), ": kernel and naive loop differ at ", cuda, ", seed ", seed);
}

constexpr DType kOutTypes[] = {DType::kF32, DType::kF16, DType::kBF16};
constexpr Mixing kMixings[] = {Mixing::kBoxes, Mixing::kMasks, Mixing::kWholeMasks};
constexpr Layout kLayouts[] = {Layout::kNCHW, Layout::kNHWC};
constexpr Filter kAllFilters[] = {Filter::kNearest, Filter::kBox, Filter::kBilinear, Filter::kBicubic,
                                  Filter::kLanczos};

// Down, up, one pixel, fractions, at every border.
const std::vector<WindowedImage> kSources = {
    {53, 61, {3, 5, 50, 40}},
    {40, 50, {0, 0, 40, 50}},
    {1, 1, {0, 0, 1, 1}},
    {9, 8, {8, 7, 1, 1}},
    {33, 70, {0.25f, 10.5f, 20.75f, 59.5f}},
    {24, 20, {4, 0, 20, 20}},
};

TEST(resample_all_types_layouts_channels_and_filters) {
  Random random(41);
  for (const DType dtype : kOutTypes) {
    for (const Layout layout : kLayouts) {
      for (const int32_t channels : {1, 2, 3, 4}) {
        for (const Filter filter : kAllFilters) {
          const int32_t height = 1 + random() % 34, width = 1 + random() % 70;
          const ResampleCase resample_case(
              random, dtype, layout, channels, filter, height, width, kSources,
              random_plan(random, 6, kAnyPairs[random() % 5], kMixings[random() % 3], height, width));
          check_resample(resample_case, random());
        }
      }
    }
  }
}

TEST(resample_another_filter_per_sample) {
  Random random(46);
  for (int round = 0; round < 4; ++round) {
    ResampleCase resample_case(random, DType::kF32, Layout::kNCHW, 3, Filter::kBilinear, 21, 37, kSources,
                               random_plan(random, 12, kAnyPairs[random() % 5], kMixings[random() % 3], 21, 37));
    for (Sampling& sampling : resample_case.sampling) sampling.filter = kAllFilters[random() % kFilters];
    check_resample(resample_case, random());
  }
}

TEST(resample_all_batch_sizes) {
  Random random(42);
  const std::vector<WindowedImage> sources = {{9, 13, {1, 2, 7, 11}}, {5, 5, {0, 0, 5, 5}}, {17, 3, {2, 0, 15, 3}}};
  for (const int32_t batch : {0, 1, 2, 3, 5, 64, 600}) {
    for (const Pairs pairs : kAnyPairs) {
      if (batch == 0 && pairs == Pairs::kRepeats) continue;
      const ResampleCase resample_case(random, DType::kF32, Layout::kNCHW, 3, Filter::kBilinear, 3, 5, sources,
                                       random_plan(random, batch, pairs, kMixings[random() % 2], 3, 5));
      check_resample(resample_case, random());
    }
  }
}

// Taps beyond the stage, the strips and the tables of the kernel, and beyond one partial sum.
TEST(resample_large_scales) {
  Random random(43);
  const std::vector<WindowedImage> sources = {
      {700, 40, {0, 0, 700, 40}}, {30, 1100, {2, 1, 28, 1098.5f}}, {150, 500, {0, 0, 150, 500}}};
  for (const int32_t channels : {1, 3, 4}) {
    for (const Filter filter : {Filter::kBilinear, Filter::kLanczos}) {
      const ResampleCase resample_case(random, DType::kF32, Layout::kNHWC, channels, filter, 5, 7, sources,
                                       random_plan(random, 3, Pairs::kCycle, Mixing::kBoxes, 5, 7));
      check_resample(resample_case, random());
    }
  }
}

TEST(resample_many_thread_orders) {
  Random random(44);
  host_cuda::settings().interrupt_one_in = 3;
  for (int round = 0; round < 6; ++round) {
    const ResampleCase resample_case(random, DType::kF32, Layout::kNCHW, 3, Filter::kBilinear, 18, 34, kSources,
                                     random_plan(random, 12, kAnyPairs[random() % 5], kMixings[random() % 3], 18, 34));
    check_resample(resample_case, random());
  }
  host_cuda::settings().interrupt_one_in = 0;
}

// Every byte of a window is read once for each tile that needs it: with one tile of output, once per pair, give or
// take the rest of aligned words at the ends of rows.
TEST(resample_reads_sources_once_per_pair) {
  Random random(45);
  const std::vector<WindowedImage> sources = {{40, 76, {0, 0, 40, 76}}};
  for (const Pairs pairs : {Pairs::kIdentity, Pairs::kFlip}) {
    const ResampleCase resample_case(random, DType::kBF16, Layout::kNCHW, 3, Filter::kBilinear, 16, 32, sources,
                                     random_plan(random, 4, pairs, Mixing::kAllBlended, 16, 32));
    const host_cuda::Watch out(resample_case.out->data(), resample_case.out->size());
    std::vector<std::unique_ptr<host_cuda::Watch>> in;
    for (const auto& memory : resample_case.memory)
      in.push_back(std::make_unique<host_cuda::Watch>(memory->data(), memory->size()));
    resample_mix_cuda(resample_case.params, nullptr);
    for (const auto& watch : in) {
      int64_t reads = 0;
      for (const uint16_t count : watch->reads) reads += count;
      const auto bytes = static_cast<int64_t>(watch->reads.size());
      CHECK(reads >= bytes && reads <= bytes + bytes / 20, "read ", reads, " of ", bytes, " bytes");
    }
    for (const uint16_t count : out.writes) CHECK(count == 1, "an output byte is written ", count, " times");
  }
}

}  // namespace
}  // namespace fastmix::test
