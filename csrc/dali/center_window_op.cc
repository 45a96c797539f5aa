// fn.fastmix.center_window: the evaluation preset's window.
#include <string>
#include <vector>

#include "base/error.h"
#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "errors.h"
#include "window_arguments.h"

namespace fastmix {

namespace {

constexpr const char* kName = "center_window";

}  // namespace

class CenterWindowOp : public dali::StatelessOperator<dali::CPUBackend> {
 public:
  explicit CenterWindowOp(const dali::OpSpec& spec)
      : StatelessOperator(spec),
        size_(with_dali_errors([&] { return read_size(spec, kName); })),
        resize_(with_dali_errors([&] { return read_size(spec, kName, "resize"); })) {
    const auto mode = spec.GetArgument<std::string>("mode");
    with_dali_errors([&] {
      check(mode == "center" || mode == "squash", kName, ": expected mode 'center' or 'squash', got '", mode, "'");
      mode_ = mode == "center" ? CropMode::kCenter : CropMode::kSquash;
      center_window({1, 1}, size_, resize_, mode_);
    });
  }

 protected:
  bool SetupImpl(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace) override {
    with_dali_errors([&] { check_shapes(workspace, kName); });
    outputs.resize(1);
    outputs[0] = {dali::uniform_list_shape(workspace.GetInputBatchSize(0), dali::TensorShape<1>{4}), DALI_FLOAT};
    return true;
  }

  void RunImpl(dali::Workspace& workspace) override {
    with_dali_errors([&] {
      auto& windows = workspace.Output<dali::CPUBackend>(0);
      for (int i = 0; i < windows.num_samples(); ++i) {
        const Window window = center_window(read_shape(workspace, i, kName), size_, resize_, mode_);
        float* out = windows.mutable_tensor<float>(i);
        out[0] = window.y;
        out[1] = window.x;
        out[2] = window.height;
        out[3] = window.width;
      }
    });
  }

 private:
  Size size_, resize_;
  CropMode mode_ = CropMode::kCenter;
};

}  // namespace fastmix

DALI_REGISTER_OPERATOR(fastmix__CenterWindow, ::fastmix::CenterWindowOp, ::dali::CPU);

DALI_SCHEMA(fastmix__CenterWindow)
    .DocStr(R"(Returns the evaluation preset's window: a resize and ``CenterCrop(size)`` in one.

* mode "center", ``resize`` one number: torchvision's ``Resize``. The shorter side becomes ``resize`` pixels long and
  the longer side proportional, rounded down.
* mode "center", ``resize`` (height, width): timm's ``ResizeKeepRatio``. The image becomes the smallest one of its
  aspect ratio that covers ``resize``, its sides rounded to nearest.
* mode "squash": both sides become ``resize``; the aspect ratio is lost.

The window covers the central ``size`` pixels of the result. It is returned in pixels of the image, float
``(y, x, height, width)``, for ``fn.fastmix.resample_mix`` with ``edges="image"``.)")
    .NumInput(1)
    .InputDox(0, "shape", "1D TensorList of int64",
              "``(height, width)`` or ``(height, width, channels)`` of the image, as ``fn.peek_image_shape`` gives it.")
    .NumOutput(1)
    .OutputDType(0, DALI_FLOAT)
    .OutputNDim(0, 1)
    .AddArg("size", "Size of the output in pixels: one number for squares, or (height, width).", DALI_INT_VEC)
    .AddArg("resize",
            "Size before the crop in pixels, one number or (height, width), at least ``size``; usually 256 for 224.",
            DALI_INT_VEC)
    .AddOptionalArg("mode", "'center' or 'squash'.", "center");
