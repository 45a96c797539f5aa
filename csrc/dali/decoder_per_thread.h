// A decoder for each thread of DALI's pool.
#pragma once

#include <memory>
#include <new>
#include <vector>

#include "dali/pipeline/operator/op_spec.h"
#include "errors.h"
#include "guest_decoder.h"
#include "nvimgcodec_of_dali.h"
#include "status.h"

namespace fastmix {

// The argument `guest_decoder` of peek and decode.
inline constexpr const char* kGuestArgument = "guest_decoder";
inline constexpr const char* kGuestHelp =
    "What decodes GIF, AVIF and JPEG 2000: ``fastmix.dali.pillow_decoder()``. 0 for nothing: they are ``unsupported``.";

inline GuestDecoder read_guest(const dali::OpSpec& spec) {
  return reinterpret_cast<GuestDecoder>(spec.GetArgument<int64_t>(kGuestArgument));
}

template <typename Decoder>
class DecoderPerThread {
 public:
  // Throws DaliRuntimeError without nvImageCodec.
  explicit DecoderPerThread(GuestDecoder guest) : codec_(nvimgcodec_of_dali()), guest_(guest) {}

  // Before the threads use them.
  void prepare(int threads) {
    with_dali_errors([&] {
      while (static_cast<int>(decoders_.size()) < threads) {
        decoders_.push_back(std::make_unique<Decoder>(codec_, guest_));
      }
    });
  }
  Decoder& operator[](int thread) { return *decoders_[thread]; }

 private:
  const NvImageCodec& codec_;
  const GuestDecoder guest_;
  std::vector<std::unique_ptr<Decoder>> decoders_;
};

// Too little memory for one sample is that sample's status.
template <typename Function>
Status without_memory_errors(Function&& function) {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return Status::kTransient;
  }
}

}  // namespace fastmix
