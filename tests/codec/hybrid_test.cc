// The decoder for the GPU against functions that stand for nvImageCodec's and record what they are given: no GPU.
#include <string>

#include "../core/check.h"
#include "base/error.h"
#include "hybrid_decoder.h"

using namespace fastmix;

namespace {

// Handles are places in these: a stream's and an image's number from 1, and one future.
struct Fake {
  std::vector<nvimgcodecBackendKind_t> backends;
  nvimgcodecExecutionParams_t options{};
  std::vector<nvimgcodecImageInfo_t> images;
  std::vector<uint32_t> heights;  // of the streams, 10 wide
  std::vector<int> given;         // the streams that were to be decoded
  int exif = -1, futures = 0, waits = 0, decoders = 0, handles = 0;
  bool creates = true, decodes = true;
} fake;

template <typename Handle>
Handle handle(size_t number) {
  return reinterpret_cast<Handle>(number);
}

NvImageCodec functions() {
  NvImageCodec codec;
  codec.DecoderCreate = [](auto, nvimgcodecDecoder_t* decoder, const nvimgcodecExecutionParams_t* options,
                           const char*) {
    fake.options = *options;
    for (int i = 0; i < options->num_backends; ++i) fake.backends.push_back(options->backends[i].kind);
    *decoder = handle<nvimgcodecDecoder_t>(1);
    fake.decoders += fake.creates;
    return fake.creates ? NVIMGCODEC_STATUS_SUCCESS : NVIMGCODEC_STATUS_INVALID_PARAMETER;
  };
  codec.DecoderDestroy = [](nvimgcodecDecoder_t) { return --fake.decoders, NVIMGCODEC_STATUS_SUCCESS; };
  // A file is its height, or 0 for one that cannot be parsed.
  codec.CodeStreamCreateFromHostMem = [](auto, nvimgcodecCodeStream_t* stream, const uint8_t* data, size_t, auto) {
    if (*stream == nullptr) {
      fake.heights.push_back(0);
      *stream = handle<nvimgcodecCodeStream_t>(fake.heights.size());
      ++fake.handles;
    }
    fake.heights[reinterpret_cast<size_t>(*stream) - 1] = *data;
    return *data == 0 ? NVIMGCODEC_STATUS_BAD_CODESTREAM : NVIMGCODEC_STATUS_SUCCESS;
  };
  codec.CodeStreamGetImageInfo = [](nvimgcodecCodeStream_t stream, nvimgcodecImageInfo_t* info) {
    info->plane_info[0].height = fake.heights[reinterpret_cast<size_t>(stream) - 1];
    info->plane_info[0].width = 10;
    return NVIMGCODEC_STATUS_SUCCESS;
  };
  codec.CodeStreamDestroy = [](nvimgcodecCodeStream_t) { return --fake.handles, NVIMGCODEC_STATUS_SUCCESS; };
  codec.ImageCreate = [](auto, nvimgcodecImage_t* image, const nvimgcodecImageInfo_t* info) {
    fake.images.push_back(*info);
    if (*image == nullptr) ++fake.handles;
    *image = handle<nvimgcodecImage_t>(fake.images.size());
    return NVIMGCODEC_STATUS_SUCCESS;
  };
  codec.ImageDestroy = [](nvimgcodecImage_t) { return --fake.handles, NVIMGCODEC_STATUS_SUCCESS; };
  codec.DecoderDecode = [](auto, const nvimgcodecCodeStream_t* streams, const nvimgcodecImage_t*, int count,
                           const nvimgcodecDecodeParams_t* params, nvimgcodecFuture_t* future) {
    if (!fake.decodes) return NVIMGCODEC_STATUS_EXECUTION_FAILED;
    fake.exif = params->apply_exif_orientation;
    fake.given.clear();
    for (int i = 0; i < count; ++i) fake.given.push_back(static_cast<int>(reinterpret_cast<size_t>(streams[i])));
    *future = handle<nvimgcodecFuture_t>(1);
    ++fake.futures;
    return NVIMGCODEC_STATUS_SUCCESS;
  };
  codec.FutureWaitForAll = [](nvimgcodecFuture_t) { return ++fake.waits, NVIMGCODEC_STATUS_SUCCESS; };
  // Images of odd height fail.
  codec.FutureGetProcessingStatus = [](nvimgcodecFuture_t, nvimgcodecProcessingStatus_t* statuses, size_t* count) {
    *count = fake.given.size();
    for (size_t i = 0; i < *count; ++i) {
      statuses[i] = fake.heights[fake.given[i] - 1] % 2 ? NVIMGCODEC_PROCESSING_STATUS_FAIL
                                                        : NVIMGCODEC_PROCESSING_STATUS_SUCCESS;
    }
    return NVIMGCODEC_STATUS_SUCCESS;
  };
  codec.FutureDestroy = [](nvimgcodecFuture_t) { return --fake.futures, NVIMGCODEC_STATUS_SUCCESS; };
  return codec;
}

struct Setting {
  NvImageCodec codec = functions();
  nvimgcodecExecutorDesc_t executor{};
  nvimgcodecDeviceAllocator_t device{};
  nvimgcodecPinnedAllocator_t pinned{};

  Setting() {
    fake = {};
    executor.getNumThreads = [](void*) { return 3; };
  }
  HybridDecoder::Resources resources() { return {2, &executor, &device, &pinned}; }
};

const uint8_t kFiles[] = {4, 5, 0, 6, 8};
uint8_t pixels[1000];

std::vector<HybridJpeg> jpegs() {
  std::vector<HybridJpeg> found;
  for (const uint8_t& file : kFiles) found.push_back({&file, 1, {file, 10}, pixels, true});
  found[3].size.height = 7;  // the caller's reading of a header that says 6
  return found;
}

TEST(it_is_the_hybrid_decoder_alone) {
  Setting setting;
  const HybridDecoder decoder(setting.codec, setting.resources());
  CHECK(fake.backends == std::vector{NVIMGCODEC_BACKEND_KIND_HYBRID_CPU_GPU});
  CHECK(fake.options.device_id == 2 && fake.options.skip_pre_sync == 0 && fake.options.max_num_cpu_threads == 3);
  CHECK(fake.options.executor == &setting.executor && fake.options.device_allocator == &setting.device);
  CHECK(fake.options.pinned_allocator == &setting.pinned);
}

TEST(what_it_refuses_or_reads_differently_is_left_to_the_cpu) {
  Setting setting;
  {
    HybridDecoder decoder(setting.codec, setting.resources());
    for (int batch = 0; batch < 2; ++batch) {
      std::vector<HybridJpeg> batch_of_five = jpegs();
      decoder.decode(batch_of_five, handle<cudaStream_t>(77));
      CHECK((fake.given == std::vector{1, 2, 5}) && fake.exif == 0 && fake.waits == batch + 1);
      const bool done[] = {true, false, false, false, true};
      for (int i = 0; i < 5; ++i) CHECK(batch_of_five[i].done == done[i]);
    }
    CHECK(fake.heights.size() == 5 && fake.futures == 0);  // reused
    for (const nvimgcodecImageInfo_t& image : fake.images) {
      const auto& plane = image.plane_info[0];
      CHECK(image.buffer == pixels && image.buffer_kind == NVIMGCODEC_IMAGE_BUFFER_KIND_STRIDED_DEVICE);
      CHECK(image.cuda_stream == handle<cudaStream_t>(77) && plane.width == 10 && plane.row_stride == 30);
      CHECK(image.sample_format == NVIMGCODEC_SAMPLEFORMAT_I_RGB && plane.num_channels == 3);
    }
  }
  CHECK(fake.decoders == 0 && fake.handles == 0);
}

TEST(a_failure_of_the_library_leaves_all_to_the_cpu) {
  Setting setting;
  HybridDecoder decoder(setting.codec, setting.resources());
  fake.decodes = false;
  std::vector<HybridJpeg> batch = jpegs(), none;
  decoder.decode(batch, nullptr);
  decoder.decode(none, nullptr);
  for (const HybridJpeg& jpeg : batch) CHECK(!jpeg.done);
}

TEST(without_a_gpu_it_says_so) {
  Setting setting;
  fake.creates = false;
  std::string message;
  try {
    const HybridDecoder decoder(setting.codec, setting.resources());
  } catch (const Error& error) {
    message = error.what();
  }
  CHECK(message.find("GPU 2") != std::string::npos && message.find("decode='dali'") != std::string::npos);
}

}  // namespace

int main() {
  for (const test::Test& test : test::tests()) test.body();
  std::printf("%zu\n", test::tests().size());
  return 0;
}
