// fn.fastmix.decode(device="mixed"): whole JPEGs by nvImageCodec's hybrid decoder, everything else by the CPU.
// Not measured on a GPU.
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "dali/core/mm/memory.h"
#include "dali/pipeline/data/types.h"
#include "decode_resources.h"
#include "errors.h"
#include "hybrid_decoder.h"
#include "nvimgcodec_of_dali.h"
#include "window_decoding_op.h"

namespace fastmix {

namespace {

size_t bytes_of(Size size) { return static_cast<size_t>(size.height) * size.width * kDecodedChannels; }

std::shared_ptr<uint8_t> allocate(Size size, cudaStream_t stream) {
  return dali::mm::alloc_raw_async_shared<uint8_t, dali::mm::memory_kind::device>(bytes_of(size), stream, stream);
}

// From pageable memory: the copy has read it before it returns.
template <typename T>
void to_device(T* to, const T* from, int64_t count, cudaStream_t stream) {
  dali::TypeTable::GetTypeInfo<T>().template Copy<dali::GPUBackend, dali::CPUBackend>(to, std::nullopt, from,
                                                                                      std::nullopt, count, stream);
}

}  // namespace

// JPEGs that are turned by Exif go to the CPU: nvImageCodec would turn them by its own reading of a segment that may be
// damaged, beyond the memory that it is given.
class DecodeMixedOp : public WindowDecodingOp<dali::MixedBackend> {
 public:
  explicit DecodeMixedOp(const dali::OpSpec& spec)
      : WindowDecodingOp(spec),
        device_id_(spec.GetArgument<int>("device_id")),
        threads_(spec.GetArgument<int>("num_threads"), device_id_, false, "fastmix decode"),
        executor_(threads_),
        hybrid_(with_dali_errors([&] {
          return std::make_unique<HybridDecoder>(
              nvimgcodec_of_dali(),
              HybridDecoder::Resources{device_id_, executor_.description(), memory_.device(), memory_.pinned()});
        })) {}

 protected:
  void RunImpl(dali::Workspace& workspace) override {
    const cudaStream_t stream = workspace.stream();
    WindowDecoding::Batch batch(decoding_, workspace);
    std::vector<std::shared_ptr<uint8_t>> images(batch.size());
    decode_on_gpu(batch, images, stream);
    batch.decode(threads_);
    for (int i = 0; i < batch.size(); ++i) {
      const DecodedWindow& decoded = batch.decoded[i];
      if (images[i] != nullptr) continue;
      images[i] = allocate(decoded.size, stream);
      to_device(images[i].get(), decoded.pixels.get(), static_cast<int64_t>(bytes_of(decoded.size)), stream);
    }
    give(workspace, batch, images);
  }

 private:
  // Decides the samples that the hybrid decoder decodes, and sets their images.
  void decode_on_gpu(WindowDecoding::Batch& batch, std::vector<std::shared_ptr<uint8_t>>& images, cudaStream_t stream) {
    std::vector<char> suits(batch.size());
    batch.for_undecided(threads_, [&](WindowDecoder& decoder, int i) {
      suits[i] = decoder.suits_gpu(batch.data(i), batch.bytes(i), batch.requests[i], decoding_.max_pixels());
    });
    std::vector<HybridJpeg> jpegs;
    std::vector<int> samples;
    for (int i = 0; i < batch.size(); ++i) {
      if (!suits[i] || batch.decided(i)) continue;
      const Size size = batch.requests[i].image;
      images[i] = allocate(size, stream);
      jpegs.push_back({batch.data(i), batch.bytes(i), size, images[i].get()});
      samples.push_back(i);
    }
    if (jpegs.empty()) return;
    // The memory may still be in use by earlier work of the stream.
    dali::AccessOrder::host().wait(stream);
    hybrid_->decode(jpegs, stream);
    // nvImageCodec keeps its promise before its last threads are done.
    threads_.WaitForWork();
    for (size_t k = 0; k < jpegs.size(); ++k) {
      const int i = samples[k];
      if (jpegs[k].done) {
        // Not the pixels, which are on the GPU: a pointer that says that the sample is decided.
        batch.decoded[i] = DecodedWindow::failed(Status::kOk);
        batch.decoded[i].size = jpegs[k].size;
        batch.decoded[i].window = batch.requests[i].window;
      } else {
        images[i].reset();
      }
    }
  }

  void give(dali::Workspace& workspace, const WindowDecoding::Batch& batch,
            const std::vector<std::shared_ptr<uint8_t>>& images) const {
    const cudaStream_t stream = workspace.stream();
    const int count = batch.size(), views = decoding_.views();
    auto& output = workspace.Output<dali::GPUBackend>(kImage);
    output.Reset();
    output.set_order(stream);
    output.set_device_id(device_id_);
    output.set_sample_dim(3);
    output.set_type(DALI_UINT8);
    output.SetSize(count);
    output.SetLayout("HWC");
    std::vector<float> windows(4 * views * count);
    std::vector<int32_t> statuses(count);
    for (int i = 0; i < count; ++i) {
      const Size size = batch.decoded[i].size;
      output.SetSample(i, images[i], bytes_of(size), false, {size.height, size.width, kDecodedChannels}, DALI_UINT8,
                       device_id_, stream, "HWC");
      batch.write(i, &windows[4 * views * i], &statuses[i]);
    }
    auto& inner = workspace.Output<dali::GPUBackend>(kInner);
    inner.SetContiguity(dali::BatchContiguity::Contiguous);
    const auto shape = views == 1 ? dali::TensorShape<>{4} : dali::TensorShape<>{views, 4};
    inner.Resize(dali::uniform_list_shape(count, shape), DALI_FLOAT);
    auto& states = workspace.Output<dali::GPUBackend>(kStatus);
    states.SetContiguity(dali::BatchContiguity::Contiguous);
    states.Resize(dali::uniform_list_shape(count, dali::TensorShape<0>{}), DALI_INT32);
    if (count == 0) return;
    to_device(inner.mutable_tensor<float>(0), windows.data(), 4 * views * count, stream);
    to_device(states.mutable_tensor<int32_t>(0), statuses.data(), count, stream);
  }

  const int device_id_;
  dali::OldThreadPool threads_;
  PoolExecutor executor_;
  DaliMemory memory_;
  const std::unique_ptr<HybridDecoder> hybrid_;
};

}  // namespace fastmix

// The schema is decode_op.cc's.
DALI_REGISTER_OPERATOR(fastmix__Decode, ::fastmix::DecodeMixedOp, ::dali::Mixed);
