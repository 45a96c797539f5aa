// What fn.fastmix.decode does on the CPU for a batch, for its forms on both devices.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dali/pipeline/util/thread_pool.h"
#include "dali/pipeline/workspace/workspace.h"
#include "decoder_per_thread.h"
#include "window_arguments.h"
#include "window_decoder.h"

namespace fastmix {

class WindowDecoding {
 public:
  explicit WindowDecoding(const dali::OpSpec& spec);

  // Throws DALI's errors if an input is of another kind.
  void check_inputs(const dali::Workspace& workspace) const;

  // A batch, of which some samples may be decoded elsewhere.
  class Batch {
   public:
    // Samples whose status was given are decided. Throws DALI's errors if a window is not inside its image.
    Batch(WindowDecoding& decoding, const dali::Workspace& workspace);

    int size() const { return static_cast<int>(decoded.size()); }
    const uint8_t* data(int sample) const { return encoded_.tensor<uint8_t>(sample); }
    size_t bytes(int sample) const { return encoded_.tensor_shape(sample).num_elements(); }
    bool decided(int sample) const { return decoded[sample].pixels != nullptr; }

    // Calls `task` for every sample that is not decided yet, in the threads, and waits. Too little memory is the
    // sample's status. Throws DALI's errors if a shape is not the file's.
    void for_undecided(dali::ThreadPool& threads, const std::function<void(WindowDecoder&, int sample)>& task);

    // Decodes what is not decided yet.
    void decode(dali::ThreadPool& threads);

    std::vector<DecodedWindow> decoded;   // pixels are null until decided
    std::vector<WindowRequest> requests;  // of samples that are tried

    // The outputs besides the image: its windows in what was decoded, float (views, 4), and its status.
    void write(int sample, float* windows, int32_t* status) const;

   private:
    WindowDecoding& decoding_;
    const dali::Workspace& workspace_;
    const dali::TensorList<dali::CPUBackend>& encoded_;
  };

  int64_t max_pixels() const { return max_pixels_; }
  // Windows of each sample.
  int views() const { return static_cast<int>(sizes_.size()); }

 private:
  WindowRequest request_of(const dali::Workspace& workspace, int sample) const;

  std::vector<Window> windows_of(const dali::Workspace& workspace, int sample) const;

  const std::vector<Size> sizes_;  // of the output, for each window of a sample
  const Filter filter_;
  const int64_t max_pixels_;
  const bool own_jpeg_;
  DecoderPerThread<WindowDecoder> decoders_;
};

}  // namespace fastmix
