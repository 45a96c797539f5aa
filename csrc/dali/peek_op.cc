// fn.fastmix.peek: the size of images by their headers, with a status for each.
#include <memory>
#include <vector>

#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "dali/pipeline/util/thread_pool.h"
#include "decoder_per_thread.h"
#include "errors.h"
#include "image_decoder.h"
#include "samples.h"
#include "structure.h"

namespace fastmix {

namespace {

constexpr const char* kName = "peek";
constexpr int64_t kChannels = 3;

enum Input { kEncoded, kGivenStatus };
enum Output { kShape, kStatus, kWholeJpeg };

}  // namespace

class PeekOp : public dali::StatelessOperator<dali::CPUBackend> {
 public:
  explicit PeekOp(const dali::OpSpec& spec)
      : StatelessOperator(spec),
        max_pixels_(spec.GetArgument<int64_t>("max_pixels")),
        find_whole_jpegs_(spec.GetArgument<bool>("find_whole_jpegs")),
        decoders_(read_guest(spec)) {}

 protected:
  bool SetupImpl(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace) override {
    with_dali_errors([&] {
      check_encoded(workspace, kEncoded, kName);
      StatusInput(workspace, kGivenStatus, kName);
    });
    const int batch = workspace.GetInputBatchSize(0);
    outputs.resize(3);
    outputs[kShape] = {dali::uniform_list_shape(batch, dali::TensorShape<1>{3}), DALI_INT64};
    outputs[kStatus] = {dali::uniform_list_shape(batch, dali::TensorShape<0>{}), DALI_INT32};
    outputs[kWholeJpeg] = {dali::uniform_list_shape(batch, dali::TensorShape<0>{}), DALI_BOOL};
    return true;
  }

  void RunImpl(dali::Workspace& workspace) override {
    const auto& encoded = workspace.Input<dali::CPUBackend>(kEncoded);
    const StatusInput given(workspace, kGivenStatus, kName);
    auto& shapes = workspace.Output<dali::CPUBackend>(kShape);
    auto& statuses = workspace.Output<dali::CPUBackend>(kStatus);
    auto& whole_jpegs = workspace.Output<dali::CPUBackend>(kWholeJpeg);
    auto& threads = workspace.GetThreadPool();
    decoders_.prepare(threads.NumThreads());
    for (int i = 0; i < encoded.num_samples(); ++i) {
      threads.AddWork([&, i](int thread) {
        Size size = {1, 1};
        Status status = given[i];
        bool whole_jpeg = false;
        if (status == Status::kOk) {
          status = without_memory_errors([&] {
            ImageDecoder& decoder = decoders_[thread];
            const auto bytes = static_cast<size_t>(encoded.tensor_shape(i).num_elements());
            const auto* data = encoded.tensor<uint8_t>(i);
            const Status opened = decoder.open(data, bytes, max_pixels_);
            if (opened != Status::kOk) return opened;
            size = decoder.size();
            whole_jpeg = find_whole_jpegs_ && is_whole_jpeg(kind_of(data, bytes), data, bytes);
            return opened;
          });
        }
        int64_t* shape = shapes.mutable_tensor<int64_t>(i);
        shape[0] = size.height;
        shape[1] = size.width;
        shape[2] = kChannels;
        *statuses.mutable_tensor<int32_t>(i) = static_cast<int32_t>(status);
        *whole_jpegs.mutable_tensor<bool>(i) = whole_jpeg;
      });
    }
    threads.RunAll();
  }

 private:
  const int64_t max_pixels_;
  const bool find_whole_jpegs_;
  DecoderPerThread<ImageDecoder> decoders_;
};

}  // namespace fastmix

DALI_REGISTER_OPERATOR(fastmix__Peek, ::fastmix::PeekOp, ::dali::CPU);

DALI_SCHEMA(fastmix__Peek)
    .DocStr(R"(Reads the sizes of images from their headers and returns a status for each. No file fails the batch.

Returns:

* ``shape``: int64 (height, width, 3), upright, as Exif says; (1, 1, 3) unless the status is ``ok``;
* ``status``: int32 scalar, a ``fastmix.dali.Status``: the given one unless that is ``ok``;
* ``whole_jpeg``: bool scalar, whether it is a JPEG that has its end marker and not too many scans, which a decoder
  other than fastmix's may be given.)")
    .NumInput(1, 2)
    .InputDox(0, "encoded", "1D TensorList of uint8", "The files.")
    .InputDox(1, "status", "0D TensorList of int32", "As ``fn.fastmix.read`` returns it.")
    .NumOutput(3)
    .OutputDType(0, DALI_INT64)
    .OutputNDim(0, 1)
    .OutputDType(1, DALI_INT32)
    .OutputNDim(1, 0)
    .OutputDType(2, DALI_BOOL)
    .OutputNDim(2, 0)
    .AddOptionalArg<int64_t>(fastmix::kGuestArgument, fastmix::kGuestHelp, int64_t{0})
    .AddOptionalArg("find_whole_jpegs", "If false, ``whole_jpeg`` is false, and no file is read to its end for it.",
                    true)
    .AddOptionalArg<int64_t>("max_pixels", "Larger images are ``too_large``. 0 for no limit.", int64_t{1} << 28);
