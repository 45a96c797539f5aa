#include "window_decoding.h"

#include "errors.h"
#include "samples.h"

namespace fastmix {

namespace {

constexpr const char* kName = "decode";

// The shape is first, where the other operators of this kind have it.
enum Input { kShape, kWindow, kEncoded, kGivenStatus };

}  // namespace

WindowDecoding::WindowDecoding(const dali::OpSpec& spec)
    : sizes_(with_dali_errors([&] { return read_sizes(spec, kName); })),
      filter_(with_dali_errors([&] { return read_filter(spec, kName); })),
      max_pixels_(spec.GetArgument<int64_t>("max_pixels")),
      own_jpeg_(spec.GetArgument<bool>("own_jpeg")),
      decoders_(read_guest(spec)) {}

void WindowDecoding::check_inputs(const dali::Workspace& workspace) const {
  with_dali_errors([&] {
    check_shapes(workspace, kName);
    check_windows(workspace, kWindow, kName, sizes_.size());
    check_encoded(workspace, kEncoded, kName);
    StatusInput(workspace, kGivenStatus, kName);
  });
}

WindowRequest WindowDecoding::request_of(const dali::Workspace& workspace, int sample) const {
  const Size image = read_shape(workspace, sample, kName);
  WindowRequest request = {image, read_window(workspace, kWindow, sample), sizes_[0], filter_, own_jpeg_};
  if (views() > 1) {
    const JointWindow joint = joint_window(filter_, windows_of(workspace, sample), sizes_, image);
    request.window = joint.window;
    request.out = joint.out;
  }
  // Refuses a window that is not inside the image.
  seen_region(request.filter, request.window, request.image, request.out);
  return request;
}

std::vector<Window> WindowDecoding::windows_of(const dali::Workspace& workspace, int sample) const {
  std::vector<Window> windows;
  for (int view = 0; view < views(); ++view) windows.push_back(read_window(workspace, kWindow, sample, view));
  return windows;
}

WindowDecoding::Batch::Batch(WindowDecoding& decoding, const dali::Workspace& workspace)
    : decoded(workspace.GetInputBatchSize(0)),
      requests(decoded.size()),
      decoding_(decoding),
      workspace_(workspace),
      encoded_(workspace.Input<dali::CPUBackend>(kEncoded)) {
  const StatusInput given(workspace, kGivenStatus, kName);
  with_dali_errors([&] {
    for (int i = 0; i < size(); ++i) {
      if (given[i] == Status::kOk) {
        requests[i] = decoding.request_of(workspace, i);
      } else {
        decoded[i] = DecodedWindow::failed(given[i]);
      }
    }
  });
}

void WindowDecoding::Batch::for_undecided(dali::ThreadPool& threads,
                                          const std::function<void(WindowDecoder&, int sample)>& task) {
  std::vector<std::string> misuse(decoded.size());
  decoding_.decoders_.prepare(threads.NumThreads());
  for (int i = 0; i < size(); ++i) {
    if (decided(i)) continue;
    const auto work = [&, i](int thread) {
      const Status status = without_memory_errors([&] {
        try {
          task(decoding_.decoders_[thread], i);
        } catch (const WrongSize& error) {
          misuse[i] = error.what();
        }
        return Status::kOk;
      });
      if (status != Status::kOk) decoded[i] = DecodedWindow::failed(status);
    };
    // The longest work first.
    threads.AddWork(work, static_cast<int64_t>(bytes(i)));
  }
  threads.RunAll();
  with_dali_errors([&] {
    for (size_t i = 0; i < misuse.size(); ++i)
      check(misuse[i].empty(), kName, ": expected ", misuse[i], " for sample ", i);
  });
}

void WindowDecoding::Batch::decode(dali::ThreadPool& threads) {
  for_undecided(threads, [&](WindowDecoder& decoder, int i) {
    decoded[i] = decoder.decode(data(i), bytes(i), requests[i], decoding_.max_pixels());
  });
}

// Sides were divided by a power of two at most, so nothing is rounded.
void WindowDecoding::Batch::write(int sample, float* windows, int32_t* status) const {
  const DecodedWindow& found = decoded[sample];
  const Window& joint = found.window;
  std::vector<Window> inner(decoding_.views(), joint);
  if (inner.size() > 1 && found.status == Status::kOk) {
    const Window& all = requests[sample].window;
    const float scale = joint.height / all.height;
    inner = decoding_.windows_of(workspace_, sample);
    for (Window& own : inner) {
      own = {joint.y + (own.y - all.y) * scale, joint.x + (own.x - all.x) * scale, own.height * scale,
             own.width * scale};
    }
  }
  for (const Window& own : inner)
    *windows++ = own.y, *windows++ = own.x, *windows++ = own.height, *windows++ = own.width;
  *status = static_cast<int32_t>(found.status);
}

}  // namespace fastmix
