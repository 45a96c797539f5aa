#include "random_resized_crop_op.h"

#include <limits>

#include "base/error.h"
#include "dali/core/tensor_shape_print.h"
#include "decimal.h"
#include "errors.h"

namespace fastmix {

namespace {

enum Output { kAnchor, kExtent, kMirror, kRoiStart, kRoiEnd, kOutputs };

void read_range(const dali::OpSpec& spec, const char* name, double& min, double& max) {
  if (!spec.HasArgument(name)) return;  // 3/4 and 4/3 in float64, which no float argument gives
  const auto range = spec.GetRepeatedArgument<float>(name);
  check(range.size() == 2, "random_resized_crop: expected ", name, " of two values (min, max), got ", range.size());
  min = decimal(range[0]);
  max = decimal(range[1]);
}

// One int64 vector of `min_size` to `max_size` entries per sample.
void check_input(const dali::Workspace& workspace, int index, const char* what, int64_t min_size, int64_t max_size) {
  const auto type = workspace.GetInputDataType(index);
  check(type == DALI_INT64, "random_resized_crop: expected ", what, " of type INT64, got ", dali::TypeName(type));
  const auto shapes = workspace.GetInputShape(index);
  for (int i = 0; i < shapes.num_samples(); ++i) {
    const dali::TensorShape<> shape = shapes[i];
    check(shape.size() == 1 && shape[0] >= min_size && shape[0] <= max_size, "random_resized_crop: expected ", what,
          " as one vector per sample, got shape (", dali::to_string(shape), ") for sample ", i);
  }
}

int32_t side(int64_t length, int sample) {
  check(length > 0 && length <= std::numeric_limits<int32_t>::max(),
        "random_resized_crop: expected an image with sides of 1 to 2^31 - 1 pixels, got ", length, " for sample ",
        sample);
  return static_cast<int32_t>(length);
}

}  // namespace

RandomResizedCropOp::RandomResizedCropOp(const dali::OpSpec& spec) : StatelessOperator(spec) {
  with_dali_errors([&] {
    read_range(spec, "scale", crop_.scale_min, crop_.scale_max);
    read_range(spec, "ratio", crop_.ratio_min, crop_.ratio_max);
    crop_.mirror_prob = decimal(spec.GetArgument<float>("mirror_prob"));
    const auto seed = spec.GetArgument<int64_t>("seed");
    check(seed >= 0, "random_resized_crop: expected seed >= 0, got ", seed);
    seed_ = static_cast<uint64_t>(seed);
    validate(crop_);
  });
}

bool RandomResizedCropOp::SetupImpl(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace) {
  with_dali_errors([&] {
    check_input(workspace, 0, "shape (height, width) or (height, width, channels)", 2, 3);
    check_input(workspace, 1, "key (epoch, sample, occurrence, view)", 2, 4);
  });
  const int batch = workspace.GetInputBatchSize(0);
  const auto pair = dali::uniform_list_shape(batch, dali::TensorShape<1>{2});
  outputs.resize(kOutputs);
  outputs[kAnchor] = outputs[kExtent] = {pair, DALI_INT32};
  outputs[kMirror] = {dali::uniform_list_shape(batch, dali::TensorShape<0>{}), DALI_INT32};
  outputs[kRoiStart] = outputs[kRoiEnd] = {pair, DALI_FLOAT};
  return true;
}

void RandomResizedCropOp::RunImpl(dali::Workspace& workspace) {
  using dali::CPUBackend;
  const auto& shapes = workspace.Input<CPUBackend>(0);
  const auto& keys = workspace.Input<CPUBackend>(1);
  with_dali_errors([&] {
    for (int i = 0; i < shapes.num_samples(); ++i) {
      const int64_t* shape = shapes.tensor<int64_t>(i);
      const auto parts = static_cast<size_t>(keys[i].shape().num_elements());
      const SampleKey key = sample_key("random_resized_crop", seed_, {keys.tensor<int64_t>(i), parts});
      const CropWindow window = random_resized_crop(crop_, side(shape[0], i), side(shape[1], i), key);
      const auto write = [&](int output, auto first, auto second) {
        auto* values = workspace.Output<CPUBackend>(output).mutable_tensor<decltype(first)>(i);
        values[0] = first;
        values[1] = second;
      };
      write(kAnchor, window.y, window.x);
      write(kExtent, window.height, window.width);
      *workspace.Output<CPUBackend>(kMirror).mutable_tensor<int32_t>(i) = window.mirror;
      // Floats hold these integers exactly up to 2^24.
      write(kRoiStart, static_cast<float>(window.y), static_cast<float>(window.x));
      write(kRoiEnd, static_cast<float>(window.y + window.height), static_cast<float>(window.x + window.width));
    }
  });
}

}  // namespace fastmix

DALI_REGISTER_OPERATOR(fastmix__RandomResizedCrop, ::fastmix::RandomResizedCropOp, ::dali::CPU);

DALI_SCHEMA(fastmix__RandomResizedCrop)
    .DocStr(R"(Draws the window of torchvision's RandomResizedCrop and the decision to mirror, for each sample.

The operator has no state: its outputs depend only on the arguments, the image's size and the sample's key. Returns
five outputs:

* ``anchor``: int32 ``(y, x)``, the first pixel of the window, and
* ``extent``: int32 ``(height, width)``, for
  ``fn.decoders.image_slice(encoded, start=anchor, shape=extent, axes=[0, 1])``;
* ``mirror``: int32 scalar, 0 or 1, for ``fn.fastmix.mix(..., mirror=mirror)``;
* ``roi_start``: float ``(y0, x0)``, and
* ``roi_end``: float ``(y1, x1)``, the same window for ``fn.resize(images, roi_start=roi_start, roi_end=roi_end)``.)")
    .NumInput(2)
    .InputDox(0, "shape", "1D TensorList of int64",
              "``(height, width)`` or ``(height, width, channels)`` of the image, as ``fn.peek_image_shape`` gives it.")
    .InputDox(
        1, "key", "1D TensorList of int64",
        "``(epoch, sample, occurrence, view)``: the sample's index in the data set, how often it came before within "
        "the epoch, and which view of it this is. The last two may be left out; they are then 0.")
    .NumOutput(5)
    .OutputDType(0, DALI_INT32)
    .OutputDType(1, DALI_INT32)
    .OutputDType(2, DALI_INT32)
    .OutputDType(3, DALI_FLOAT)
    .OutputDType(4, DALI_FLOAT)
    .AddOptionalArg<int64_t>("seed", "Seed of the draws, >= 0. It is not derived from the pipeline's seed.", int64_t{0})
    .AddOptionalArg("scale", "Least and greatest share of the image's area.", std::vector<float>{0.08f, 1.0f})
    .AddOptionalArg("ratio", "Least and greatest ratio of width to height, drawn log-uniformly.",
                    std::vector<float>{3.0f / 4, 4.0f / 3})
    .AddOptionalArg("mirror_prob", "Probability of ``mirror == 1``.", 0.5f);
