// fn.fastmix.random_resized_crop: the training preset's window, keyed by SampleKey: no state.
#pragma once

#include <cstdint>
#include <vector>

#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "plan/random_resized_crop.h"

namespace fastmix {

class RandomResizedCropOp : public dali::StatelessOperator<dali::CPUBackend> {
 public:
  explicit RandomResizedCropOp(const dali::OpSpec& spec);

 protected:
  bool SetupImpl(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace) override;
  void RunImpl(dali::Workspace& workspace) override;

 private:
  CropSpec crop_;
  uint64_t seed_ = 0;
};

}  // namespace fastmix
