// What both forms of fn.fastmix.decode are as operators of DALI.
#pragma once

#include <vector>

#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "window_decoding.h"

namespace fastmix {

constexpr int64_t kDecodedChannels = 3;

template <typename Backend>
class WindowDecodingOp : public dali::StatelessOperator<Backend> {
 protected:
  enum Output { kImage, kInner, kStatus };

  explicit WindowDecodingOp(const dali::OpSpec& spec) : dali::StatelessOperator<Backend>(spec), decoding_(spec) {}

  bool HasContiguousOutputs() const override { return false; }

  bool SetupImpl(std::vector<dali::OutputDesc>&, const dali::Workspace& workspace) override {
    decoding_.check_inputs(workspace);
    return false;
  }

  WindowDecoding decoding_;
};

}  // namespace fastmix
