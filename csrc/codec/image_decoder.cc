#include "image_decoder.h"

#include <memory>
#include <new>
#include <utility>

#include "base/error.h"
#include "image_info.h"
#include "structure.h"

namespace fastmix {

namespace {

constexpr int kChannels = 3;

using Task = void (*)(int thread, int sample, void* context);

// Everything runs in the caller. `wait` must not wait: nvImageCodec calls it at the start of every decode.
nvimgcodecExecutorDesc_t caller_as_executor() {
  auto executor = described<nvimgcodecExecutorDesc_t>(NVIMGCODEC_STRUCTURE_TYPE_EXECUTOR_DESC);
  executor.schedule = [](void*, int, int sample, void* context, Task task) {
    task(0, sample, context);
    return NVIMGCODEC_STATUS_SUCCESS;
  };
  executor.run = executor.wait = [](void*, int) { return NVIMGCODEC_STATUS_SUCCESS; };
  executor.getNumThreads = [](void*) { return 1; };
  return executor;
}

}  // namespace

ImageDecoder::ImageDecoder(const NvImageCodec& codec, GuestDecoder guest)
    : codec_(codec), guest_(guest), executor_(caller_as_executor()) {
  const nvimgcodecBackend_t backend = backend_of(NVIMGCODEC_BACKEND_KIND_CPU_ONLY);
  auto options = described<nvimgcodecExecutionParams_t>(NVIMGCODEC_STRUCTURE_TYPE_EXECUTION_PARAMS);
  options.backends = &backend;
  options.num_backends = 1;
  options.device_id = NVIMGCODEC_DEVICE_CPU_ONLY;
  options.pre_init = 1;
  options.executor = &executor_;
  check(codec_.DecoderCreate(codec_.instance, &decoder_, &options, "") == NVIMGCODEC_STATUS_SUCCESS,
        "fastmix: nvImageCodec could not create a CPU decoder; reinstall DALI's dependency nvidia-nvimgcodec");
}

ImageDecoder::~ImageDecoder() {
  if (image_ != nullptr) codec_.ImageDestroy(image_);
  if (part_ != nullptr) codec_.CodeStreamDestroy(part_);
  if (stream_ != nullptr) codec_.CodeStreamDestroy(stream_);
  codec_.DecoderDestroy(decoder_);
}

Status ImageDecoder::open(const uint8_t* data, size_t size, int64_t max_pixels) {
  if (size == 0) return Status::kEmpty;
  kind_ = kind_of(data, size);
  const Status admission = admission_of(kind_, guest_ != nullptr);
  if (admission != Status::kOk) return admission;
  if (kind_ == Kind::kGuest) return open_guest(data, size, max_pixels);
  if (!sound_header(kind_, data, size)) return complete(kind_, data, size) ? Status::kDamaged : Status::kTruncated;
  copy_ = unambiguous(kind_, data, size);
  data_ = copy_.empty() ? data : copy_.data();
  bytes_ = copy_.empty() ? size : copy_.size();
  info_ = described<nvimgcodecImageInfo_t>(NVIMGCODEC_STRUCTURE_TYPE_IMAGE_INFO);
  // A stream that is reused keeps its old header if this fails: it counts only after success.
  if (codec_.CodeStreamCreateFromHostMem(codec_.instance, &stream_, data_, bytes_, nullptr) !=
          NVIMGCODEC_STATUS_SUCCESS ||
      codec_.CodeStreamGetImageInfo(stream_, &info_) != NVIMGCODEC_STATUS_SUCCESS) {
    return complete(kind_, data, size) ? Status::kDamaged : Status::kTruncated;
  }
  int64_t height = info_.plane_info[0].height, width = info_.plane_info[0].width;
  if (info_.orientation.rotated % 180 != 0) std::swap(height, width);
  if (height <= 0 || width <= 0) return Status::kDamaged;
  const bool fits = max_pixels <= 0 || height <= max_pixels / width;
  if (!fits || height > kMaxSourceSide || width > kMaxSourceSide) return Status::kTooLarge;
  size_ = {static_cast<int32_t>(height), static_cast<int32_t>(width)};
  return Status::kOk;
}

Status ImageDecoder::open_guest(const uint8_t* data, size_t size, int64_t max_pixels) {
  data_ = data;
  bytes_ = size;
  size_ = {0, 0};
  const Status status = guest_(data, static_cast<int64_t>(size), max_pixels, &size_, nullptr);
  if (status != Status::kOk) return status;
  if (size_.height <= 0 || size_.width <= 0) return Status::kDamaged;
  return size_.height > kMaxSourceSide || size_.width > kMaxSourceSide ? Status::kTooLarge : Status::kOk;
}

bool ImageDecoder::decode_guest(uint8_t* out) const {
  Size size = size_;
  const Status status = guest_(data_, static_cast<int64_t>(bytes_), 0, &size, out);
  if (status == Status::kTransient) throw std::bad_alloc();
  return status == Status::kOk;
}

bool ImageDecoder::decode(const Region& region, uint8_t* out) {
  if (kind_ == Kind::kGuest) return decode_guest(out);
  if (!sound_body(kind_, data_, bytes_)) return false;
  if (info_.plane_info[0].sample_type != NVIMGCODEC_SAMPLE_DATA_TYPE_UINT16) {
    return decode_as(NVIMGCODEC_SAMPLE_DATA_TYPE_UINT8, sizeof(uint8_t), region, out);
  }
  // As DALI does; nvImageCodec's own conversion is off by one.
  const size_t count = static_cast<size_t>(region.height) * region.width * kChannels;
  const auto wide = std::make_unique_for_overwrite<uint16_t[]>(count);
  if (!decode_as(NVIMGCODEC_SAMPLE_DATA_TYPE_UINT16, sizeof(uint16_t), region, wide.get())) return false;
  for (size_t i = 0; i < count; ++i) out[i] = static_cast<uint8_t>((wide[i] * 255u + 32767u) / 65535u);
  return true;
}

bool ImageDecoder::decode_as(nvimgcodecSampleDataType_t type, size_t bytes, const Region& region, void* out) {
  // Always with a region, if need be the whole image: then nvImageCodec compares the decoded size with it, which
  // another reading of the orientation would exceed.
  auto view = described<nvimgcodecCodeStreamView_t>(NVIMGCODEC_STRUCTURE_TYPE_CODE_STREAM_VIEW);
  view.region = described<nvimgcodecRegion_t>(NVIMGCODEC_STRUCTURE_TYPE_REGION);
  view.region.ndim = 2;
  view.region.start[0] = region.y;
  view.region.start[1] = region.x;
  view.region.end[0] = region.y + region.height;
  view.region.end[1] = region.x + region.width;
  if (codec_.CodeStreamGetSubCodeStream(stream_, &part_, &view) != NVIMGCODEC_STATUS_SUCCESS) return false;

  const nvimgcodecImageInfo_t output = rgb_output(info_, {region.height, region.width}, type, bytes, out);
  if (codec_.ImageCreate(codec_.instance, &image_, &output) != NVIMGCODEC_STATUS_SUCCESS) return false;

  auto params = described<nvimgcodecDecodeParams_t>(NVIMGCODEC_STRUCTURE_TYPE_DECODE_PARAMS);
  params.apply_exif_orientation = 1;
  nvimgcodecFuture_t future = nullptr;
  if (codec_.DecoderDecode(decoder_, &part_, &image_, 1, &params, &future) != NVIMGCODEC_STATUS_SUCCESS) return false;
  nvimgcodecProcessingStatus_t status = NVIMGCODEC_PROCESSING_STATUS_UNKNOWN;
  size_t count = 0;
  const auto answered = codec_.FutureGetProcessingStatus(future, &status, &count);
  codec_.FutureDestroy(future);
  return answered == NVIMGCODEC_STATUS_SUCCESS && count == 1 && status == NVIMGCODEC_PROCESSING_STATUS_SUCCESS;
}

}  // namespace fastmix
