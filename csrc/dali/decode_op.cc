// fn.fastmix.decode: the part of an image that a window shows, with a status for each.
#include <atomic>
#include <string>
#include <vector>

#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "dali/pipeline/util/thread_pool.h"
#include "decoder_per_thread.h"
#include "errors.h"
#include "samples.h"
#include "window_arguments.h"
#include "window_decoder.h"

namespace fastmix {

namespace {

constexpr const char* kName = "decode";
constexpr int64_t kChannels = 3;

// The shape is first, where the other operators of this kind have it.
enum Input { kShape, kWindow, kEncoded, kGivenStatus };
enum Output { kImage, kInner, kStatus };

}  // namespace

class DecodeOp : public dali::StatelessOperator<dali::CPUBackend> {
 public:
  explicit DecodeOp(const dali::OpSpec& spec)
      : StatelessOperator(spec),
        sizes_(with_dali_errors([&] { return read_sizes(spec, kName); })),
        filter_(with_dali_errors([&] { return read_filter(spec, kName); })),
        max_pixels_(spec.GetArgument<int64_t>("max_pixels")),
        own_jpeg_(spec.GetArgument<bool>("own_jpeg")),
        decoders_(read_guest(spec)) {}

 protected:
  bool HasContiguousOutputs() const override { return false; }

  bool SetupImpl(std::vector<dali::OutputDesc>&, const dali::Workspace& workspace) override {
    with_dali_errors([&] {
      check_shapes(workspace, kName);
      check_windows(workspace, kWindow, kName, sizes_.size());
      check_encoded(workspace, kEncoded, kName);
      StatusInput(workspace, kGivenStatus, kName);
    });
    return false;
  }

  void RunImpl(dali::Workspace& workspace) override {
    const std::vector<DecodedWindow> decoded = decode_all(workspace);
    auto& images = begin_samples(workspace, kImage, 3, "HWC");
    const auto views = static_cast<int64_t>(sizes_.size());
    auto& inner = views == 1 ? begin_uniform(workspace, kInner, DALI_FLOAT, 4)
                             : begin_uniform(workspace, kInner, DALI_FLOAT, views, 4);
    auto& statuses = begin_uniform(workspace, kStatus, DALI_INT32);
    for (int i = 0; i < static_cast<int>(decoded.size()); ++i) {
      const auto& [status, pixels, size, _] = decoded[i];
      give(images, i, pixels, {size.height, size.width, kChannels});
      float* to = inner.mutable_tensor<float>(i);
      for (const Window& own : inner_windows(workspace, i, decoded[i])) {
        *to++ = own.y, *to++ = own.x, *to++ = own.height, *to++ = own.width;
      }
      *statuses.mutable_tensor<int32_t>(i) = static_cast<int32_t>(status);
    }
  }

 private:
  std::vector<DecodedWindow> decode_all(dali::Workspace& workspace) {
    const auto& encoded = workspace.Input<dali::CPUBackend>(kEncoded);
    const StatusInput given(workspace, kGivenStatus, kName);
    std::vector<DecodedWindow> decoded(encoded.num_samples());
    std::vector<std::string> misuse(decoded.size());
    auto& threads = workspace.GetThreadPool();
    decoders_.prepare(threads.NumThreads());
    for (int i = 0; i < encoded.num_samples(); ++i) {
      if (given[i] != Status::kOk) {
        decoded[i] = DecodedWindow::failed(given[i]);
        continue;
      }
      const WindowRequest request = with_dali_errors([&] { return request_of(workspace, i); });
      const auto bytes = encoded.tensor_shape(i).num_elements();
      const auto task = [&, i, request, bytes](int thread) {
        const Status status = without_memory_errors([&] {
          try {
            decoded[i] = decoders_[thread].decode(encoded.tensor<uint8_t>(i), bytes, request, max_pixels_);
          } catch (const WrongSize& error) {
            misuse[i] = error.what();
          }
          return decoded[i].status;
        });
        if (decoded[i].pixels == nullptr) decoded[i] = DecodedWindow::failed(status);
      };
      // The longest work first.
      threads.AddWork(task, bytes);
    }
    threads.RunAll();
    with_dali_errors([&] {
      for (size_t i = 0; i < misuse.size(); ++i)
        check(misuse[i].empty(), kName, ": expected ", misuse[i], " for sample ", i);
    });
    return decoded;
  }

  WindowRequest request_of(const dali::Workspace& workspace, int sample) const {
    const Size image = read_shape(workspace, sample, kName);
    WindowRequest request = {image, read_window(workspace, kWindow, sample), sizes_[0], filter_, own_jpeg_};
    if (sizes_.size() > 1) {
      const JointWindow joint = joint_window(filter_, windows_of(workspace, sample), sizes_, image);
      request.window = joint.window;
      request.out = joint.out;
    }
    // Refuses a window that is not inside the image.
    seen_region(request.filter, request.window, request.image, request.out);
    return request;
  }

  std::vector<Window> windows_of(const dali::Workspace& workspace, int sample) const {
    std::vector<Window> windows;
    for (int view = 0; view < static_cast<int>(sizes_.size()); ++view)
      windows.push_back(read_window(workspace, kWindow, sample, view));
    return windows;
  }

  // The sample's windows in what was decoded for all of them. Sides were divided by a power of two at most, so nothing
  // is rounded.
  std::vector<Window> inner_windows(const dali::Workspace& workspace, int sample, const DecodedWindow& decoded) const {
    const Window& joint = decoded.window;
    std::vector<Window> inner(sizes_.size(), joint);
    if (sizes_.size() == 1 || decoded.status != Status::kOk) return inner;
    const Window all = request_of(workspace, sample).window;
    const float scale = joint.height / all.height;
    for (size_t view = 0; view < sizes_.size(); ++view) {
      const Window own = read_window(workspace, kWindow, sample, static_cast<int>(view));
      inner[view] = {joint.y + (own.y - all.y) * scale, joint.x + (own.x - all.x) * scale, own.height * scale,
                     own.width * scale};
    }
    return inner;
  }

  const std::vector<Size> sizes_;  // of the output, for each window of a sample
  const Filter filter_;
  const int64_t max_pixels_;
  const bool own_jpeg_;
  DecoderPerThread<WindowDecoder> decoders_;
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
