// fn.fastmix.decode_jpeg: the part of a JPEG that a window shows, at a fraction of its size where it is shrunk anyway.
#include <vector>

#include "base/error.h"
#include "dali/pipeline/operator/arg_helper.h"
#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "dali/pipeline/util/thread_pool.h"
#include "errors.h"
#include "jpeg_decoder.h"
#include "window_arguments.h"

namespace fastmix {

namespace {

constexpr const char* kName = "decode_jpeg";
constexpr int kChannels = 3;

// The shape is first, where the other operators of this kind have it.
enum Input { kShape, kWindow, kEncoded };
enum Output { kImage, kInner, kDone, kOutputs };

}  // namespace

class DecodeJpegOp : public dali::StatelessOperator<dali::CPUBackend> {
 public:
  explicit DecodeJpegOp(const dali::OpSpec& spec)
      : StatelessOperator(spec), arguments_(read_window_arguments(spec, kName)) {}

 protected:
  bool SetupImpl(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace) override {
    with_dali_errors([&] {
      check_shapes(workspace, kName);
      check_windows(workspace, kWindow, kName);
      const auto type = workspace.GetInputDataType(kEncoded);
      check(type == DALI_UINT8 && workspace.GetInputDim(kEncoded) == 1, kName,
            ": expected files as arrays of UINT8 of one dimension, got ", workspace.GetInputDim(kEncoded), " of type ",
            dali::TypeName(type));
      open_all(workspace);
    });
    const int batch = workspace.GetInputBatchSize(0);
    dali::TensorListShape<> images(batch, 3);
    for (int i = 0; i < batch; ++i) {
      dali::TensorShape<> shape{0, 0, kChannels};
      if (opened_[i])
        shape = {decoders_[i].reduced_region().region.height, decoders_[i].reduced_region().region.width, kChannels};
      images.set_tensor_shape(i, shape);
    }
    outputs.resize(kOutputs);
    outputs[kImage] = {images, DALI_UINT8};
    outputs[kInner] = {dali::uniform_list_shape(batch, dali::TensorShape<1>{4}), DALI_FLOAT};
    outputs[kDone] = {dali::uniform_list_shape(batch, dali::TensorShape<0>{}), DALI_BOOL};
    return true;
  }

  void RunImpl(dali::Workspace& workspace) override {
    using dali::CPUBackend;
    auto& images = workspace.Output<CPUBackend>(kImage);
    images.SetLayout("HWC");
    auto& inner = workspace.Output<CPUBackend>(kInner);
    auto& done = workspace.Output<CPUBackend>(kDone);
    const auto& encoded = workspace.Input<CPUBackend>(kEncoded);
    auto& threads = workspace.GetThreadPool();
    for (int i = 0; i < images.num_samples(); ++i) {
      const Window window = opened_[i] ? decoders_[i].reduced_region().window : Window{};
      float* to = inner.mutable_tensor<float>(i);
      to[0] = window.y, to[1] = window.x, to[2] = window.height, to[3] = window.width;
      bool* is_done = done.mutable_tensor<bool>(i);
      *is_done = false;
      if (!opened_[i]) continue;
      auto* out = images.mutable_tensor<uint8_t>(i);
      // The longest work first.
      threads.AddWork([this, i, out, is_done](int) { *is_done = decoders_[i].decode(out); },
                      encoded.tensor_shape(i).num_elements());
    }
    threads.RunAll();
    decoders_.clear();
  }

 private:
  // In the pool already: of files with much before the picture it takes its time.
  void open_all(const dali::Workspace& workspace) {
    const int batch = workspace.GetInputBatchSize(0);
    const auto& encoded = workspace.Input<dali::CPUBackend>(kEncoded);
    decoders_ = std::vector<JpegDecoder>(batch);
    opened_.assign(batch, false);
    auto& threads = workspace.GetThreadPool();
    for (int i = 0; i < batch; ++i) {
      if (!fits(workspace, i, arguments_.max_pixels)) continue;
      const Size image = read_shape(workspace, i, kName);
      const Window window = read_window(workspace, kWindow, i);
      check(inside(window, image.height, image.width), kName, ": expected a window (y, x, height, width) inside the ",
            "image of ", image.height, " x ", image.width, " pixels, got (", window.y, ", ", window.x, ", ",
            window.height, ", ", window.width, ") for sample ", i);
      const auto* data = encoded.tensor<uint8_t>(i);
      const auto bytes = static_cast<size_t>(encoded.tensor_shape(i).num_elements());
      threads.AddWork([=, this](int) {
        opened_[i] = decoders_[i].open(data, bytes, image, window, arguments_.size, arguments_.filter);
      });
    }
    threads.RunAll();
  }

  const WindowArguments arguments_;

  // Of the current batch, from Setup to Run.
  std::vector<JpegDecoder> decoders_;
  std::vector<uint8_t> opened_;
};

}  // namespace fastmix

DALI_REGISTER_OPERATOR(fastmix__DecodeJpeg, ::fastmix::DecodeJpegOp, ::dali::CPU);

DALI_SCHEMA(fastmix__DecodeJpeg)
    .DocStr(
        R"(Decodes the region of a JPEG that a window needs, at full size or at 1/2, 1/4 or 1/8 of it.

A reduced decode skips frequencies that the output of ``size`` pixels cannot show; the decoded window stays at least
three times as large as ``size``. At full size the pixels equal those of DALI's decoder. ``done`` is false for damaged
files, other formats and rare JPEGs (CMYK, arithmetic coding, 12 bits): pass those to DALI's decoder. Returns:

* ``image``: uint8 (height, width, 3) RGB, upright, the region that the window needs; empty unless done;
* ``window``: float ``(y, x, height, width)``, the window in that region, for
  ``fn.fastmix.resample_mix(image, window=window)``;
* ``done``: bool scalar, for ``if done:`` in a pipeline with conditionals.)")
    .NumInput(3)
    .InputDox(0, "shape", "1D TensorList of int64",
              "``(height, width)`` or ``(height, width, channels)`` of the image, as ``fn.peek_image_shape`` gives it.")
    .InputDox(1, "window", "1D TensorList of float",
              "``(y, x, height, width)`` in pixels of the image; fractions are allowed.")
    .InputDox(2, "encoded", "1D TensorList of uint8", "The files.")
    .NumOutput(3)
    .OutputDType(0, DALI_UINT8)
    .OutputNDim(0, 3)
    .OutputDType(1, DALI_FLOAT)
    .OutputDType(2, DALI_BOOL)
    .AddArg("size", "As in ``fn.fastmix.resample_mix``.", DALI_INT_VEC)
    .AddOptionalArg("filter", "As in ``fn.fastmix.resample_mix``.", "bilinear")
    .AddOptionalArg<int64_t>("max_pixels", "Larger images are not decoded: ``done`` is false. 0 for no limit.",
                             int64_t{0});
