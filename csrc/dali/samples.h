// What read, peek and decode share: files and statuses as inputs, outputs whose shapes are known only afterwards.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "dali/pipeline/data/types.h"
#include "dali/pipeline/workspace/workspace.h"
#include "status.h"

namespace fastmix {

// Refuses an input other than files as one-dimensional UINT8.
inline void check_encoded(const dali::Workspace& workspace, int input, const char* caller) {
  const auto type = workspace.GetInputDataType(input);
  check(type == DALI_UINT8 && workspace.GetInputDim(input) == 1, caller,
        ": expected files as arrays of UINT8 of one dimension, got ", workspace.GetInputDim(input), " of type ",
        dali::TypeName(type));
}

// An output of samples of uint8, to be filled with give().
inline auto& begin_samples(dali::Workspace& workspace, int output, int dimensions, const char* layout) {
  auto& samples = workspace.Output<dali::CPUBackend>(output);
  samples.Reset();
  samples.set_pinned(false);
  samples.set_sample_dim(dimensions);
  samples.set_type(DALI_UINT8);
  samples.SetSize(workspace.GetInputBatchSize(0));
  samples.SetLayout(layout);
  return samples;
}

// Without a copy. Not from several threads at once.
inline void give(dali::TensorList<dali::CPUBackend>& samples, int sample, std::shared_ptr<uint8_t[]> data,
                 const dali::TensorShape<>& shape) {
  // DALI wants an address also of nothing.
  if (data == nullptr) data = std::make_shared<uint8_t[]>(1);
  const auto bytes = static_cast<size_t>(shape.num_elements());
  std::shared_ptr<void> owner(data, data.get());
  samples.SetSample(sample, std::move(owner), bytes, false, shape, DALI_UINT8, dali::CPU_ONLY_DEVICE_ID,
                    dali::AccessOrder::host(), samples.GetLayout());
}

// An output with the same shape for every sample.
template <typename... Sides>
auto& begin_uniform(dali::Workspace& workspace, int output, dali::DALIDataType type, Sides... sides) {
  auto& samples = workspace.Output<dali::CPUBackend>(output);
  const dali::TensorShape<sizeof...(Sides)> shape{sides...};
  samples.Resize(dali::uniform_list_shape(workspace.GetInputBatchSize(0), shape), type);
  return samples;
}

// The optional input with statuses of the operator before.
class StatusInput {
 public:
  StatusInput(const dali::Workspace& workspace, int input, const char* caller) {
    if (workspace.NumInput() <= input) return;
    statuses_ = &workspace.Input<dali::CPUBackend>(input);
    check(statuses_->type() == DALI_INT32 && statuses_->sample_dim() == 0, caller,
          ": expected status as an INT32 scalar per sample, as fn.fastmix.read and peek return it, got ",
          statuses_->sample_dim(), " dimensions of type ", dali::TypeName(statuses_->type()));
  }
  Status operator[](int sample) const {
    return statuses_ == nullptr ? Status::kOk : static_cast<Status>(*statuses_->tensor<int32_t>(sample));
  }

 private:
  const dali::TensorList<dali::CPUBackend>* statuses_ = nullptr;
};

}  // namespace fastmix
