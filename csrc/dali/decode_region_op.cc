// fn.fastmix.decode_region: which part of an image has to be decoded for a window.
#include <vector>

#include "dali/pipeline/data/types.h"
#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "errors.h"
#include "window_arguments.h"

namespace fastmix {

namespace {

constexpr const char* kName = "decode_region";

enum Output { kStart, kExtent, kWindow, kOutputs };

}  // namespace

class DecodeRegionOp : public dali::StatelessOperator<dali::CPUBackend> {
 public:
  explicit DecodeRegionOp(const dali::OpSpec& spec)
      : StatelessOperator(spec), arguments_(read_window_arguments(spec, kName)) {}

 protected:
  bool SetupImpl(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace) override {
    with_dali_errors([&] {
      check_shapes(workspace, kName);
      check_windows(workspace, 1, kName);
    });
    const int batch = workspace.GetInputBatchSize(0);
    outputs.resize(kOutputs);
    outputs[kStart] = outputs[kExtent] = {dali::uniform_list_shape(batch, dali::TensorShape<1>{2}), DALI_INT32};
    outputs[kWindow] = {dali::uniform_list_shape(batch, dali::TensorShape<1>{4}), DALI_FLOAT};
    return true;
  }

  void RunImpl(dali::Workspace& workspace) override {
    using dali::CPUBackend;
    const int batch = workspace.GetInputBatchSize(0);
    with_dali_errors([&] {
      for (int i = 0; i < batch; ++i) {
        Window window = read_window(workspace, 1, i);
        Region region = {0, 0, 1, 1};
        if (fits(workspace, i, arguments_.max_pixels)) {
          region = decode_region(arguments_.filter, window, read_shape(workspace, i, kName), arguments_.size);
          window = within(window, region);
        } else {
          window = {0, 0, 1, 1};
        }
        auto* start = workspace.Output<CPUBackend>(kStart).mutable_tensor<int32_t>(i);
        auto* extent = workspace.Output<CPUBackend>(kExtent).mutable_tensor<int32_t>(i);
        auto* inner = workspace.Output<CPUBackend>(kWindow).mutable_tensor<float>(i);
        start[0] = region.y, start[1] = region.x;
        extent[0] = region.height, extent[1] = region.width;
        inner[0] = window.y, inner[1] = window.x, inner[2] = window.height, inner[3] = window.width;
      }
    });
  }

 private:
  const WindowArguments arguments_;
};

}  // namespace fastmix

DALI_REGISTER_OPERATOR(fastmix__DecodeRegion, ::fastmix::DecodeRegionOp, ::dali::CPU);

DALI_SCHEMA(fastmix__DecodeRegion)
    .DocStr(
        R"(Returns the region of an image that ``fn.fastmix.resample_mix`` reads for a window, so that only it is decoded.

The region is the window with a margin for the filter. It has all columns if the window leaves out less than a third of
them, because cutting so few saves no time. Returns:

* ``start``: int32 ``(y, x)``, and
* ``extent``: int32 ``(height, width)``, for
  ``fn.decoders.image_slice(encoded, start=start, shape=extent, axes=[0, 1])``;
* ``window``: float ``(y, x, height, width)``, the window in that region, for
  ``fn.fastmix.resample_mix(region, window=window)``.)")
    .NumInput(2)
    .InputDox(0, "shape", "1D TensorList of int64",
              "``(height, width)`` or ``(height, width, channels)`` of the image, as ``fn.peek_image_shape`` gives it.")
    .InputDox(1, "window", "1D TensorList of float",
              "``(y, x, height, width)`` in pixels of the image; fractions are allowed.")
    .NumOutput(3)
    .OutputDType(0, DALI_INT32)
    .OutputDType(1, DALI_INT32)
    .OutputDType(2, DALI_FLOAT)
    .AddArg("size", "As in ``fn.fastmix.resample_mix``.", DALI_INT_VEC)
    .AddOptionalArg("filter", "As in ``fn.fastmix.resample_mix``.", "bilinear")
    .AddOptionalArg<int64_t>("max_pixels", R"(Larger images get a region of one pixel, because a decoder allocates what
the header claims before it notices a false claim. 0 for no limit.)",
                             int64_t{0});
