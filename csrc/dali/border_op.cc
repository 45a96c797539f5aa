// fn.fastmix.border: evaluation that shows whole images, with borders where the aspect ratio differs.
#include <algorithm>
#include <memory>
#include <vector>

#include "base/error.h"
#include "dali/pipeline/data/types.h"
#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "dali/pipeline/util/thread_pool.h"
#include "errors.h"
#include "resample/resample.h"
#include "window_arguments.h"

namespace fastmix {

namespace {

constexpr const char* kName = "border";
constexpr int32_t kChannels = 3;

enum Input { kShape, kWindow, kImage };

}  // namespace

class BorderOp : public dali::StatelessOperator<dali::CPUBackend> {
 public:
  explicit BorderOp(const dali::OpSpec& spec)
      : StatelessOperator(spec),
        size_(with_dali_errors([&] { return read_size(spec, kName); })),
        resize_(with_dali_errors([&] { return read_size(spec, kName, "resize"); })),
        filter_(with_dali_errors([&] { return read_filter(spec, kName); })),
        fill_(spec.GetRepeatedArgument<int>("fill")) {
    with_dali_errors([&] {
      const bool colour = fill_.size() == kChannels &&
                          std::all_of(fill_.begin(), fill_.end(), [](int value) { return value >= 0 && value <= 255; });
      check(colour, kName, ": expected fill as 3 values of 0 to 255");
    });
  }

 protected:
  bool SetupImpl(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace) override {
    with_dali_errors([&] {
      check_shapes(workspace, kName);
      check_windows(workspace, kWindow, kName);
      const auto shapes = workspace.GetInputShape(kImage);
      check(workspace.GetInputDataType(kImage) == DALI_UINT8 && shapes.sample_dim() == 3, kName,
            ": expected images of UINT8 with layout HWC");
      for (int i = 0; i < shapes.num_samples(); ++i) {
        check(shapes[i][0] >= 1 && shapes[i][1] >= 1 && shapes[i][2] == kChannels, kName,
              ": expected images of shape (height, width, 3), got another one for sample ", i);
      }
    });
    const dali::TensorShape<3> shape{size_.height, size_.width, kChannels};
    outputs.resize(1);
    outputs[0] = {dali::uniform_list_shape(workspace.GetInputBatchSize(0), shape), DALI_UINT8};
    return true;
  }

  void RunImpl(dali::Workspace& workspace) override {
    auto& out = workspace.Output<dali::CPUBackend>(0);
    out.SetLayout("HWC");
    auto& threads = workspace.GetThreadPool();
    for (int i = 0; i < out.num_samples(); ++i) {
      threads.AddWork([&, i](int) { with_dali_errors([&] { draw(workspace, i, out.mutable_tensor<uint8_t>(i)); }); });
    }
    threads.RunAll();
  }

 private:
  void draw(const dali::Workspace& workspace, int sample, uint8_t* out) const {
    const Size whole = read_shape(workspace, sample, kName);
    const Window decoded = read_window(workspace, kWindow, sample);
    const BorderView view = border_view(whole, size_, resize_);
    // From pixels of the image to those of what was decoded of it, which may be smaller.
    const float y = decoded.height / static_cast<float>(whole.height);
    const float x = decoded.width / static_cast<float>(whole.width);
    const Window window = {decoded.y + view.window.y * y, decoded.x + view.window.x * x, view.window.height * y,
                           view.window.width * x};
    const auto& images = workspace.Input<dali::CPUBackend>(kImage);
    const auto shape = images.tensor_shape(sample);
    const SourceImage image = {images.tensor<uint8_t>(sample), static_cast<int32_t>(shape[0]),
                               static_cast<int32_t>(shape[1])};
    check(inside(window, image.height, image.width), kName, ": expected a window inside the image for sample ", sample);

    const Region& at = view.target;
    std::vector<uint8_t> pixels(static_cast<size_t>(at.height) * at.width * kChannels);
    ResampleScratch scratch;
    resample_image(source_of(image, window, {filter_, Edges::kImage}, kChannels), kChannels, at.height, at.width, false,
                   pixels.data(), scratch);
    for (int32_t row = 0; row < size_.height; ++row) {
      uint8_t* line = out + static_cast<size_t>(row) * size_.width * kChannels;
      for (int32_t k = 0; k < size_.width * kChannels; ++k) line[k] = static_cast<uint8_t>(fill_[k % kChannels]);
      if (row < at.y || row >= at.y + at.height) continue;
      const size_t bytes = static_cast<size_t>(at.width) * kChannels;
      std::copy_n(pixels.data() + (row - at.y) * bytes, bytes, line + static_cast<size_t>(at.x) * kChannels);
    }
  }

  const Size size_, resize_;
  const Filter filter_;
  const std::vector<int> fill_;
};

}  // namespace fastmix

DALI_REGISTER_OPERATOR(fastmix__Border, ::fastmix::BorderOp, ::dali::CPU);

DALI_SCHEMA(fastmix__Border)
    .DocStr(R"(Resizes whole images to fit, and fills the borders: timm's evaluation with ``crop_mode="border"``.

The image becomes the largest one of its aspect ratio that fits into ``resize``, its sides rounded to nearest. The output
is the central ``size`` pixels of it; what lies beside it has the colour ``fill``. The resize has Pillow's bits
where the crop cuts nothing off. Returns uint8 (height, width, 3).)")
    .NumInput(3)
    .InputDox(0, "shape", "1D TensorList of int64",
              "``(height, width)`` or ``(height, width, channels)`` of the image, as ``fn.fastmix.peek`` returns it.")
    .InputDox(1, "window", "1D TensorList of float",
              "``(y, x, height, width)`` of the whole image in ``images``, as ``fn.fastmix.decode`` returns it.")
    .InputDox(2, "images", "TensorList of uint8", "Decoded images (height, width, 3).")
    .NumOutput(1)
    .OutputDType(0, DALI_UINT8)
    .OutputNDim(0, 3)
    .AddArg("size", "Size of the output in pixels: one number for squares, or (height, width).", DALI_INT_VEC)
    .AddArg("resize", "Size that the image fits into, in pixels, one number or (height, width).", DALI_INT_VEC)
    .AddArg("fill", "Colour of the borders: red, green, blue, 0 to 255.", DALI_INT_VEC)
    .AddOptionalArg("filter", "As in ``fn.fastmix.resample_mix``.", "bilinear");
