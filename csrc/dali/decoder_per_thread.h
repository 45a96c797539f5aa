// A decoder for each thread of DALI's pool.
#pragma once

#include <memory>
#include <new>
#include <vector>

#include "errors.h"
#include "nvimgcodec_of_dali.h"
#include "status.h"

namespace fastmix {

template <typename Decoder>
class DecoderPerThread {
 public:
  // Throws DaliRuntimeError without nvImageCodec.
  DecoderPerThread() : codec_(nvimgcodec_of_dali()) {}

  // Before the threads use them.
  void prepare(int threads) {
    with_dali_errors([&] {
      while (static_cast<int>(decoders_.size()) < threads) decoders_.push_back(std::make_unique<Decoder>(codec_));
    });
  }
  Decoder& operator[](int thread) { return *decoders_[thread]; }

 private:
  const NvImageCodec& codec_;
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
