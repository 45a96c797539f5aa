#include "resample_mix_op.h"

DALI_REGISTER_OPERATOR(fastmix__ResampleMix, ::fastmix::ResampleMixOp<::dali::CPUBackend>, ::dali::CPU);
DALI_REGISTER_OPERATOR(fastmix__ResampleMix, ::fastmix::ResampleMixOp<::dali::GPUBackend>, ::dali::GPU);

DALI_SCHEMA(fastmix__ResampleMix)
    .DocStr(R"(Makes the training batch from decoded images in one pass: window, resize, mirror, mix, normalise, cast.

Images may have different sizes. The window of each is resampled to `size` with one of Pillow's antialiased filters:
downscaling stretches the filter. Values are not rounded before they are mixed. After the resampling, images and labels
are processed as in ``fn.fastmix.mix``. The plan's boxes are in coordinates of the output.)")
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
``(y, x, height, width)``; fractions are allowed. By default the whole image. A node of shape (views, 4) makes several
views of each image, which are not mixed: the output is (views, height, width, channels) or (views, channels, height,
width).)",
                                        nullptr, true)
    .AddOptionalArg("filter", "Pillow's filter: 'nearest', 'box', 'bilinear', 'bicubic' or 'lanczos'.", "bilinear")
    .AddOptionalArg("edges", R"(The pixels that the filter may read. 'crop': those that the window touches, as if the
image were cropped first, as in torchvision's and timm's training. 'image': also those beside the window, as Pillow's
``resize(box=)``; evaluation, which resizes before it crops, needs this.)",
                    "crop")
    .AddOptionalArg<std::vector<int>>("sample_plan",
                                      R"(A row of a ``fastmix.augment.SamplePlan``. Images of three channels are then
resampled to uint8 with Pillow's bits, mirrored, and augmented as the row says before they are mixed. The row replaces
``filter`` and ``edges``, and its window, if it has one, the whole image. With several views, which are only on the
CPU, (views, words).)",
                                      nullptr, true)
    .AddParent("fastmix__Mix");
