#include "hybrid_decoder.h"

#include "base/error.h"
#include "image_info.h"

namespace fastmix {

namespace {

// Pixels nearer to those of the CPU's decoder.
constexpr const char* kOptions = ":fancy_upsampling=1";

}  // namespace

HybridDecoder::HybridDecoder(const NvImageCodec& codec, const Resources& resources) : codec_(codec) {
  const nvimgcodecBackend_t backend = backend_of(NVIMGCODEC_BACKEND_KIND_HYBRID_CPU_GPU);
  auto options = described<nvimgcodecExecutionParams_t>(NVIMGCODEC_STRUCTURE_TYPE_EXECUTION_PARAMS);
  options.backends = &backend;
  options.num_backends = 1;
  options.device_id = resources.device_id;
  options.executor = resources.executor;
  options.device_allocator = resources.device_allocator;
  options.pinned_allocator = resources.pinned_allocator;
  options.max_num_cpu_threads = resources.executor->getNumThreads(resources.executor->instance);
  options.pre_init = 1;
  options.skip_pre_sync = 0;
  check(codec_.DecoderCreate(codec_.instance, &decoder_, &options, kOptions) == NVIMGCODEC_STATUS_SUCCESS,
        "fastmix: nvImageCodec could not create a hybrid decoder on GPU ", resources.device_id,
        "; DALI's own decoder is decode='dali'");
}

HybridDecoder::~HybridDecoder() {
  for (const Slot& slot : slots_) {
    if (slot.image != nullptr) codec_.ImageDestroy(slot.image);
    if (slot.stream != nullptr) codec_.CodeStreamDestroy(slot.stream);
  }
  codec_.DecoderDestroy(decoder_);
}

bool HybridDecoder::prepare(const HybridJpeg& jpeg, Slot& slot, cudaStream_t stream) const {
  auto info = described<nvimgcodecImageInfo_t>(NVIMGCODEC_STRUCTURE_TYPE_IMAGE_INFO);
  if (codec_.CodeStreamCreateFromHostMem(codec_.instance, &slot.stream, jpeg.data, jpeg.bytes, nullptr) !=
          NVIMGCODEC_STATUS_SUCCESS ||
      codec_.CodeStreamGetImageInfo(slot.stream, &info) != NVIMGCODEC_STATUS_SUCCESS) {
    return false;
  }
  // The decoder writes as many pixels as its own reading of the header says.
  const auto& found = info.plane_info[0];
  if (found.height != static_cast<uint32_t>(jpeg.size.height) ||
      found.width != static_cast<uint32_t>(jpeg.size.width)) {
    return false;
  }
  nvimgcodecImageInfo_t output =
      rgb_output(info, jpeg.size, NVIMGCODEC_SAMPLE_DATA_TYPE_UINT8, sizeof(uint8_t), jpeg.out);
  output.buffer_kind = NVIMGCODEC_IMAGE_BUFFER_KIND_STRIDED_DEVICE;
  output.cuda_stream = stream;
  return codec_.ImageCreate(codec_.instance, &slot.image, &output) == NVIMGCODEC_STATUS_SUCCESS;
}

void HybridDecoder::decode(std::vector<HybridJpeg>& jpegs, cudaStream_t stream) {
  if (slots_.size() < jpegs.size()) slots_.resize(jpegs.size());
  std::vector<nvimgcodecCodeStream_t> streams;
  std::vector<nvimgcodecImage_t> images;
  std::vector<HybridJpeg*> given;
  for (size_t i = 0; i < jpegs.size(); ++i) {
    jpegs[i].done = false;
    if (!prepare(jpegs[i], slots_[i], stream)) continue;
    streams.push_back(slots_[i].stream);
    images.push_back(slots_[i].image);
    given.push_back(&jpegs[i]);
  }
  if (given.empty()) return;
  auto params = described<nvimgcodecDecodeParams_t>(NVIMGCODEC_STRUCTURE_TYPE_DECODE_PARAMS);
  params.apply_exif_orientation = 0;
  nvimgcodecFuture_t future = nullptr;
  const auto count = static_cast<int>(given.size());
  if (codec_.DecoderDecode(decoder_, streams.data(), images.data(), count, &params, &future) !=
      NVIMGCODEC_STATUS_SUCCESS) {
    return;
  }
  std::vector<nvimgcodecProcessingStatus_t> statuses(given.size(), NVIMGCODEC_PROCESSING_STATUS_UNKNOWN);
  size_t answers = 0;
  const bool answered =
      codec_.FutureWaitForAll(future) == NVIMGCODEC_STATUS_SUCCESS &&
      codec_.FutureGetProcessingStatus(future, statuses.data(), &answers) == NVIMGCODEC_STATUS_SUCCESS &&
      answers == given.size();
  codec_.FutureDestroy(future);
  for (size_t i = 0; answered && i < given.size(); ++i) {
    given[i]->done = statuses[i] == NVIMGCODEC_PROCESSING_STATUS_SUCCESS;
  }
}

}  // namespace fastmix
