// fn.fastmix.mix: one pass over the batch that mirrors, mixes, normalises, casts and lays out, and dense targets.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "dali/pipeline/operator/arg_helper.h"
#include "dali/pipeline/operator/checkpointing/op_checkpoint.h"
#include "dali/pipeline/operator/operator.h"
#include "draw_state.h"
#include "image_options.h"
#include "labels/labels.h"
#include "mix/mix.h"
#include "normalize_mix/normalize_mix.h"
#include "plan/policy.h"
#include "plan_argument.h"

namespace fastmix {

// All that needs no backend: the plan, the checks and the parameters are made on the host for CPU and GPU alike.
template <typename Backend>
class MixOp : public dali::Operator<Backend> {
 public:
  explicit MixOp(const dali::OpSpec& spec);

  void SaveState(dali::OpCheckpoint& checkpoint, dali::AccessOrder order) override;
  void RestoreState(const dali::OpCheckpoint& checkpoint) override;
  std::string SerializeCheckpoint(const dali::OpCheckpoint& checkpoint) const override;
  void DeserializeCheckpoint(dali::OpCheckpoint& checkpoint, const std::string& data) const override;

 protected:
  bool SetupImpl(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace) override;
  void RunImpl(dali::Workspace& workspace) override;

  // ResampleMixOp shares everything but the images.
  // First of all: which samples stay. Everything below has one entry for each of these.
  void read_kept(const dali::Workspace& workspace);
  void read_images(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace);
  void read_plan(const dali::Workspace& workspace, int64_t height, int64_t width);
  void draw(const dali::Workspace& workspace, int64_t height, int64_t width);
  void read_mirror(const dali::Workspace& workspace, NormalizeMixParams& params);
  void read_labels(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace);

  const ImageOptions options_;
  const Choice choice_;
  const bool has_random_state_;
  PlanArgument plan_argument_;
  dali::ArgValue<int> mirror_argument_;
  dali::ArgValue<int> status_argument_;
  DrawState state_;

  // Of the current batch. The parameters borrow the vectors.
  int batch_ = 0;
  std::vector<int32_t> kept_;  // ascending
  Plan plan_;
  std::vector<uint8_t> mirror_;
  std::vector<int64_t> labels_;
  std::variant<NormalizeMixParams, MixParams> image_params_;
  MixLabelsParams label_params_;
};

}  // namespace fastmix
