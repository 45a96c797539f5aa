#include "resample_mix_op.h"

DALI_REGISTER_OPERATOR(fastmix__ResampleMix, ::fastmix::ResampleMixOp<::dali::CPUBackend>, ::dali::CPU);
DALI_REGISTER_OPERATOR(fastmix__ResampleMix, ::fastmix::ResampleMixOp<::dali::GPUBackend>, ::dali::GPU);

DALI_SCHEMA(fastmix__ResampleMix)
    .DocStr(R"(Makes the training batch from decoded images in one pass: window, resize, mirror, mix, normalise, cast.

Images may have different sizes. The window of each is resampled to `size` with an antialiased filter, as Pillow's
``resize(size, box=window)`` does: downscaling stretches the filter, and the filter reads pixels beside the window if
the image has them. Values are not rounded before they are mixed. After the resampling, images and labels are processed
as in ``fn.fastmix.mix``. The plan's boxes are in coordinates of the output.)")
    .NumInput(1, 2)
    .InputDox(0, "images", "TensorList of uint8",
              "Decoded images (height, width, channels) of any sizes, all with the same 1 to 4 channels.")
    .InputDox(1, "labels", "TensorList of int32 or int64",
              "One class id per sample, scalar or of one element, in ``[0, num_classes)``. Always on the CPU.")
    .InputDevice(1, dali::InputDevice::CPU)
    .NumOutput(1)
    .AdditionalOutputsFn([](const dali::OpSpec& spec) { return spec.NumRegularInput() > 1 ? 1 : 0; })
    .OutputDType(1, DALI_FLOAT)
    .OutputNDim(1, 1)
    .AddArg("size", "Size of the output in pixels: one number for squares, or (height, width).", DALI_INT_VEC)
    .AddOptionalArg<std::vector<float>>("window",
                                        R"(The part of the image that fills the output, in pixels of the image:
``(y, x, height, width)``; fractions are allowed. By default the whole image.)",
                                        nullptr, true)
    .AddOptionalArg("filter", "'triangle' (bilinear), 'cubic' (a = -0.5) or 'nearest'.", "triangle")
    .AddParent("fastmix__Mix");
