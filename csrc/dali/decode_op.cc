// fn.fastmix.decode: the part of an image that a window shows, with a status for each.
#include "samples.h"
#include "window_decoding_op.h"

namespace fastmix {

class DecodeOp : public WindowDecodingOp<dali::CPUBackend> {
 public:
  explicit DecodeOp(const dali::OpSpec& spec) : WindowDecodingOp(spec) {}

 protected:
  void RunImpl(dali::Workspace& workspace) override {
    WindowDecoding::Batch batch(decoding_, workspace);
    batch.decode(workspace.GetThreadPool());
    auto& images = begin_samples(workspace, kImage, 3, "HWC");
    const int views = decoding_.views();
    auto& inner = views == 1 ? begin_uniform(workspace, kInner, DALI_FLOAT, 4)
                             : begin_uniform(workspace, kInner, DALI_FLOAT, views, 4);
    auto& statuses = begin_uniform(workspace, kStatus, DALI_INT32);
    for (int i = 0; i < batch.size(); ++i) {
      const DecodedWindow& decoded = batch.decoded[i];
      give(images, i, decoded.pixels, {decoded.size.height, decoded.size.width, kDecodedChannels});
      batch.write(i, inner.mutable_tensor<float>(i), statuses.mutable_tensor<int32_t>(i));
    }
  }
};

}  // namespace fastmix

DALI_REGISTER_OPERATOR(fastmix__Decode, ::fastmix::DecodeOp, ::dali::CPU);

DALI_SCHEMA(fastmix__Decode)
    .DocStr(R"(Decodes what a window of an image needs and returns a status for each. No file fails the batch.

fastmix decodes ordinary JPEGs, in full or at 1/2, 1/4 or 1/8 of their size: the window is still at least three times
as large as ``size`` then. nvImageCodec decodes everything else, and what fastmix's decoder leaves, except for GIF, AVIF and
JPEG 2000: ``guest_decoder`` does. The result depends
on the file and the windows only. With several windows the part that all of them need is decoded, once. Returns:

* ``image``: uint8 (height, width, 3) RGB, upright, the part that the window needs; one black pixel unless the status
  is ``ok``;
* ``window``: float ``(y, x, height, width)``, or (views, 4), the window in that part, for ``fn.fastmix.resample_mix``;
* ``status``: int32 scalar, a ``fastmix.dali.Status``: the given one unless that is ``ok``.

With ``device="mixed"``, nvImageCodec's hybrid decoder decodes whole upright JPEGs on the GPU, never by its hardware
engine; the CPU decodes all other files, and judges those that the GPU refuses. ``image`` of the former is the whole
image. All outputs are on the GPU. Not measured on a GPU.

Raises ValueError if a shape is not the file's, or a window is not inside the image.)")
    .NumInput(3, 4)
    .InputDox(0, "shape", "1D TensorList of int64",
              "``(height, width)`` or ``(height, width, channels)``, as ``fn.fastmix.peek`` returns it.")
    .InputDox(
        1, "window", "1D TensorList of float",
        "``(y, x, height, width)`` in pixels of the image, or several of them, (views, 4); fractions are allowed.")
    .InputDox(2, "encoded", "1D TensorList of uint8", "The files.")
    .InputDox(3, "status", "0D TensorList of int32", "As ``fn.fastmix.peek`` returns it.")
    .NumOutput(3)
    .OutputDType(0, DALI_UINT8)
    .OutputNDim(0, 3)
    .OutputDType(1, DALI_FLOAT)
    .OutputNDim(1, [](const dali::OpSpec& spec) { return spec.GetRepeatedArgument<int>("size").size() > 2 ? 2 : 1; })
    .OutputDType(2, DALI_INT32)
    .OutputNDim(2, 0)
    .AddArg("size", "As of ``fn.fastmix.resample_mix``; with several windows, (height, width) for each, in a row.",
            DALI_INT_VEC)
    .AddOptionalArg("filter", "As of ``fn.fastmix.resample_mix``.", "bilinear")
    .AddOptionalArg("own_jpeg",
                    "Whether fastmix's JPEG decoder comes first. If not, nothing is decoded at a reduced size.", true)
    .AddOptionalArg<int64_t>(fastmix::kGuestArgument, fastmix::kGuestHelp, int64_t{0})
    .AddOptionalArg<int64_t>("max_pixels", "Larger images are ``too_large``. 0 for no limit.", int64_t{1} << 28);
