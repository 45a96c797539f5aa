// resample: the CPU job and the CUDA kernel against plain loops in Pillow's fixed point, in memory that ends where
// images end.
#include "resample/resample.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "cases.h"
#include "check.h"
#include "host_cuda.h"
#include "resample/filter_taps.h"

namespace fastmix::test {
namespace {

struct Pixels {
  int32_t height, width, channels;
  std::vector<uint8_t> bytes;

  uint8_t at(int64_t y, int64_t x, int32_t c) const { return bytes[(y * width + x) * channels + c]; }
};

// One pass over an axis; value(other, along, channel) are the pixels before it.
template <typename Value>
uint8_t one_output(const FixedTaps& taps, int32_t output, const Value& value) {
  int64_t sum = int64_t{1} << (kFixedBits - 1);
  for (int32_t t = 0; t < taps.count[output]; ++t)
    sum += int64_t{taps.coefficients[int64_t{output} * taps.length + t]} * value(taps.first[output] + t);
  return static_cast<uint8_t>(std::clamp<int64_t>(sum >> kFixedBits, 0, 255));
}

Pixels resample_across(const Pixels& in, const FixedTaps& taps) {
  Pixels out = {in.height, static_cast<int32_t>(taps.first.size()), in.channels, {}};
  for (int32_t y = 0; y < out.height; ++y) {
    for (int32_t x = 0; x < out.width; ++x) {
      for (int32_t c = 0; c < in.channels; ++c)
        out.bytes.push_back(one_output(taps, x, [&](int32_t at) { return in.at(y, at, c); }));
    }
  }
  return out;
}

Pixels resample_down(const Pixels& in, const FixedTaps& taps) {
  Pixels out = {static_cast<int32_t>(taps.first.size()), in.width, in.channels, {}};
  for (int32_t y = 0; y < out.height; ++y) {
    for (int32_t x = 0; x < out.width; ++x) {
      for (int32_t c = 0; c < in.channels; ++c)
        out.bytes.push_back(one_output(taps, y, [&](int32_t at) { return in.at(at, x, c); }));
    }
  }
  return out;
}

Pixels naive_resample(const Source& source, int32_t channels, int32_t height, int32_t width, bool mirror) {
  Pixels image = {source.height, source.width, channels, {}};
  for (int32_t y = 0; y < source.height; ++y) {
    const uint8_t* const row = source.data + y * source.stride;
    image.bytes.insert(image.bytes.end(), row, row + int64_t{source.width} * channels);
  }
  const Window& w = source.window;
  const FixedTaps down = make_fixed_taps(resample_axis(source.filter, w.y, w.height, source.height, height), height);
  const FixedTaps across = make_fixed_taps(resample_axis(source.filter, w.x, w.width, source.width, width), width);
  const bool vertical_first = height < source.height && source.height - height > 2 * (source.width - width);
  Pixels made = vertical_first ? resample_across(resample_down(image, down), across)
                               : resample_down(resample_across(image, across), down);
  if (!mirror) return made;
  const Pixels plain = made;
  for (int32_t y = 0; y < height; ++y) {
    for (int32_t x = 0; x < width; ++x) {
      for (int32_t c = 0; c < channels; ++c)
        made.bytes[(int64_t{y} * width + x) * channels + c] = plain.at(y, width - 1 - x, c);
    }
  }
  return made;
}

void check_resampled(Random& random, int32_t channels, int32_t height, int32_t width, int32_t image_height,
                     int32_t image_width, Filter filter, int32_t batch = 2) {
  const size_t bytes = static_cast<size_t>(image_height) * image_width * channels;
  Memory memory(bytes, random() % 4), out(static_cast<size_t>(batch) * height * width * channels, 0);
  for (size_t k = 0; k < bytes; ++k) memory.data()[k] = static_cast<unsigned char>(random() % 2 == 0 ? 0 : random());
  const auto part = [&](int32_t side) { return 1 + static_cast<int32_t>(random() % side); };
  std::vector<SourceImage> images(batch, {memory.data(), image_height, image_width});
  std::vector<Window> windows;
  std::vector<Sampling> sampling;
  std::vector<uint8_t> mirror;
  for (int i = 0; i < batch; ++i) {
    const int32_t h = part(image_height), w = part(image_width);
    windows.push_back({static_cast<float>(random() % (image_height - h + 1)),
                       static_cast<float>(random() % (image_width - w + 1)), static_cast<float>(h),
                       static_cast<float>(w)});
    sampling.push_back({filter, static_cast<Edges>(random() % 2)});
    mirror.push_back(random() % 2);
  }
  ResampleParams params;
  params.sources = {images.data(), windows.data(), sampling.data()};
  params.mirror = mirror.data();
  params.out = out.data();
  params.batch = batch;
  params.height = height;
  params.width = width;
  params.channels = channels;
  validate(params);
  const auto check_result = [&](const char* device) {
    for (int i = 0; i < batch; ++i) {
      const Source source = source_of(images[i], windows[i], sampling[i], channels);
      const Pixels expected = naive_resample(source, channels, height, width, mirror[i]);
      const int64_t size = static_cast<int64_t>(expected.bytes.size());
      CHECK(std::equal(expected.bytes.begin(), expected.bytes.end(), out.data() + i * size), device, ", ", channels,
            " channels, ", image_height, " x ", image_width, " to ", height, " x ", width, ", filter ",
            static_cast<int>(filter));
    }
  };
  run_job(*resample_cpu(params));
  check_result("CPU");
  std::memset(out.data(), 0x5a, out.size());
  host_cuda::settings().seed = random();
  resample_cuda(params, nullptr);
  check_result("CUDA");
}

TEST(resample_u8_all_filters_channels_and_sizes) {
  Random random(47);
  for (int round = 0; round < 12; ++round) {
    for (int32_t filter = 0; filter < kFilters; ++filter) {
      for (const int32_t channels : {1, 2, 3, 4}) {
        const auto side = [&] { return 1 + static_cast<int32_t>(random() % (round < 6 ? 12 : 90)); };
        const int32_t height = side(), width = side(), image_height = side(), image_width = side();
        check_resampled(random, channels, height, width, image_height, image_width, static_cast<Filter>(filter));
      }
    }
  }
}

// More than a kernel's parameters hold.
TEST(resample_u8_of_many_samples_is_uploaded) {
  Random random(49);
  for (const int32_t channels : {1, 2, 3, 4}) check_resampled(random, channels, 2, 3, 4, 5, Filter::kBilinear, 1000);
}

TEST(resample_u8_large_scales) {
  Random random(48);
  for (const Filter filter : {Filter::kBox, Filter::kLanczos}) {
    check_resampled(random, 3, 2, 3, 500, 40, filter);
    check_resampled(random, 3, 3, 2, 40, 500, filter);
    check_resampled(random, 1, 1, 200, 900, 2, filter);
  }
}

}  // namespace
}  // namespace fastmix::test
