#include "mix_op.h"

DALI_REGISTER_OPERATOR(fastmix__Mix, ::fastmix::MixOp<::dali::CPUBackend>, ::dali::CPU);
DALI_REGISTER_OPERATOR(fastmix__Mix, ::fastmix::MixOp<::dali::GPUBackend>, ::dali::GPU);

DALI_SCHEMA(fastmix__Mix)
    .DocStr(R"(Mixes the images of a batch with each other (mixup, CutMix), and their labels by the same plan.

Sample ``i`` becomes ``w * images[i] + (1 - w) * images[partner[i]]``, where the own weight ``w`` is ``weight_in``
inside the sample's box and ``weight_out`` outside it. One pass over the batch does all the work between decoded pixels
and a training batch:

* UINT8 images are mirrored, mixed, normalised ``(x - mean) / std``, cast and laid out, in float32 with one rounding
  to the output's type. They have layout HWC, one size and 1 to 4 channels.
* Tensors of other types (FLOAT16, FLOAT, FLOAT64: spectrograms, features), or UINT8 with ``normalize=False``, are
  mixed as they are: any shape, one for all samples; shape, type and layout are kept. Boxes lie in the last two axes,
  or, with a layout that ends in C, in the two before the last.

The partners and weights are either given (`plan`) or drawn by the operator from `alpha`, `cutmix_alpha` and the other
arguments of a policy. A drawn plan depends on the seed and on the number of batches before it, not on threads or
prefetching. DALI's checkpoints store that number. In dynamic mode the plan depends on the state of the generator,
``rng``.

With labels the operator returns dense targets, FLOAT (num_classes,), as a second output.)")
    .NumInput(1, 2)
    .InputDox(0, "images", "TensorList of uint8, float16, float or double",
              "Images (height, width, channels), or tensors of any shape that are mixed without normalising. "
              "All samples have one shape.")
    .InputDox(1, "labels", "TensorList of int32 or int64",
              "One class id per sample, scalar or of one element, in ``[0, num_classes)``. Always on the CPU.")
    .InputDevice(1, dali::InputDevice::CPU)
    .NumOutput(1)
    .AdditionalOutputsFn([](const dali::OpSpec& spec) { return spec.NumRegularInput() > 1 ? 1 : 0; })
    .OutputDType(1, DALI_FLOAT)
    .OutputNDim(1, 1)
    .AddOptionalArg("mean", "Mean in pixel units (0 to 255): one value, or one per channel.", std::vector<float>{0.0f})
    .AddOptionalArg("std", "Standard deviation in pixel units (0 to 255): one value, or one per channel.",
                    std::vector<float>{1.0f})
    .AddOptionalTypeArg("dtype", "Type of normalised images: FLOAT or FLOAT16.", DALI_FLOAT)
    .AddOptionalArg(
        "bfloat16",
        R"(If True, normalised images are bfloat16, for which DALI has no type: the output has type INT16 and
holds the bits (``torch``: ``output.view(torch.bfloat16)``). Excludes `dtype`.)",
        false)
    .AddOptionalArg("output_layout", "Layout of normalised images: 'CHW' or 'HWC'.", dali::TensorLayout("CHW"))
    .AddOptionalArg<bool>("normalize",
                          R"(Whether images are normalised, cast and laid out (needs UINT8), or mixed as they are.
By default UINT8 images are normalised and other types are not.)",
                          nullptr)
    .AddOptionalArg("mirror", "If not 0, the sample is flipped left to right before it is mixed (UINT8, normalised).",
                    0, true)
    .AddOptionalArg("status",
                    R"(Samples with another status than 0 drop out of the batch, as ``fn.fastmix.decode`` returns
it: the others come first, in their order, and those whose partner drops out stay unmixed. The last rows of the outputs,
one for each sample that drops out, are undefined.)",
                    0, true)
    .AddOptionalArg<int64_t>("num_classes", "Number of classes, the columns of the dense targets. Needed with labels.",
                             nullptr)
    .AddOptionalArg("smoothing", "Label smoothing in [0, 1): this share of each target is spread over all classes.",
                    0.0f)
    .AddOptionalArg<std::vector<int>>("plan",
                                      R"(Plan: the sample's row of 16 words, as ``fastmix.MixPlan.rows`` has them. If it
is given, no plan is drawn and the arguments `alpha`, `cutmix_alpha`, `switch_prob`, `prob`, `per` and `pairing` are
refused.)",
                                      nullptr, true)
    .AddOptionalArg("masks",
                    R"(Masks of the plan, UINT8 on the CPU: for each sample whose row has a mask that mask,
``fastmix.MixPlan.masks[mask_index]``, of shape (h, w) or (frames, h, w), and of one shape for all. Others may be
empty.)",
                    DALI_UINT8, nullptr, true)
    .AddOptionalArg("alpha", "Policy: mixup with own weight ~ Beta(alpha, alpha). 0 switches mixup off.", 0.2f)
    .AddOptionalArg("cutmix_alpha", "Policy: CutMix with own area ~ Beta(alpha, alpha). 0 switches CutMix off.", 0.0f)
    .AddOptionalArg("switch_prob", "Policy: probability of CutMix where `alpha` and `cutmix_alpha` are both above 0.",
                    0.5f)
    .AddOptionalArg("prob", "Policy: probability that a unit (see `per`) is mixed at all.", 1.0f)
    .AddOptionalArg("per", "Policy: each 'batch', 'pair' or 'sample' draws its own weight.", "batch")
    .AddOptionalArg("pairing", R"(Policy: how partners are drawn. 'permutation': a random permutation of the batch;
'neighbor': 0 with 1, 2 with 3, and so on; 'flip': the first with the last; 'roll': each with the one before;
'derangement': a permutation without fixed points; 'matching': random pairs; 'same_class' and 'different_class': by the
labels. For other weights, box rules and masks pass a plan: see ``fastmix.MixPlan``.)",
                    "permutation")
    .AddRandomSeedArg()
    .AddRandomStateArg();
