#include "resample_cases.h"

#include <utility>

#include "base/error.h"

namespace fastmix::test {

SourceBatch::SourceBatch(Random& random, int32_t channels, Filter filter, const std::vector<WindowedImage>& sources,
                         int32_t batch) {
  for (int32_t i = 0; i < batch; ++i) {
    const WindowedImage& source = sources[i % sources.size()];
    const size_t bytes = static_cast<size_t>(source.height) * source.width * channels;
    memory.push_back(std::make_unique<Memory>(bytes, random() % 4));
    for (size_t k = 0; k < bytes; ++k) memory.back()->data()[k] = static_cast<unsigned char>(random());
    images.push_back({memory.back()->data(), source.height, source.width});
    windows.push_back(source.window);
    sampling.push_back({filter, static_cast<Edges>((i + channels) % 2)});
    mirror.push_back(random() % 2);
  }
}

ResampleCase::ResampleCase(Random& random, DType dtype, Layout layout, int32_t channels, Filter filter, int32_t height,
                           int32_t width, const std::vector<WindowedImage>& sources, Plan given)
    : SourceBatch(random, channels, filter, sources, given.batch()), plan(std::move(given)) {
  const int32_t batch = plan.batch();
  out = std::make_unique<Memory>(static_cast<size_t>(batch) * height * width * channels * size_of(dtype), 0);
  params.sources = arrays();
  params.mirror = mirror.data();
  params.out = out->data();
  params.out_dtype = dtype;
  params.out_layout = layout;
  params.height = height;
  params.width = width;
  params.channels = channels;
  params.plan = plan.view();
  const float mean[] = {123.7f, 116.3f, 103.5f, 90.0f}, std[] = {58.4f, 57.1f, 57.4f, 70.0f};
  set_normalization(params, mean, std, channels);
  validate(params);
}

std::string ResampleCase::describe() const {
  return concat(name_of(params.out_dtype), ", ", params.channels, " channels, filter ",
                static_cast<int>(sampling.front().filter), ", ", params.height, " x ", params.width, ", batch ",
                plan.batch(), ", first window ", windows.front().height, " x ", windows.front().width, ", first edges ",
                static_cast<int>(sampling.front().edges));
}

LevelsCase::LevelsCase(Random& random, int32_t channels, Filter filter, int32_t height, int32_t width,
                       const std::vector<WindowedImage>& sources, int32_t batch)
    : SourceBatch(random, channels, filter, sources, batch),
      out(std::make_unique<Memory>(static_cast<size_t>(batch) * height * width * channels, 0)) {
  params.sources = arrays();
  params.mirror = mirror.data();
  params.out = out->data();
  params.batch = batch;
  params.height = height;
  params.width = width;
  params.channels = channels;
  validate(params);
}

}  // namespace fastmix::test
