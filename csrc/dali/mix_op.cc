#include "mix_op.h"

#include <type_traits>

#include "base/error.h"
#include "dali/core/tensor_shape_print.h"
#include "decimal.h"
#include "errors.h"
#include "launch.h"
#include "plan/dropping.h"
#include "policy_arguments.h"

namespace fastmix {

namespace {

// Class ids of int32 or int64, scalar or of one element, as DALI's readers give them.
std::vector<int64_t> read_ids(const dali::TensorList<dali::CPUBackend>& labels) {
  const dali::DALIDataType type = labels.type();
  check(type == DALI_INT32 || type == DALI_INT64, "mix: expected labels of type INT32 or INT64, got ",
        dali::TypeName(type));
  std::vector<int64_t> ids(labels.num_samples());
  for (int i = 0; i < labels.num_samples(); ++i) {
    const auto shape = labels[i].shape();
    check(shape.num_elements() == 1, "mix: expected one class id per sample as label, got shape (",
          dali::to_string(shape), ") for sample ", i, "; dense targets are made here, from ids");
    ids[i] = type == DALI_INT32 ? *labels.tensor<int32_t>(i) : *labels.tensor<int64_t>(i);
  }
  return ids;
}

void check_one_shape(const dali::TensorListShape<>& shapes) {
  for (int i = 1; i < shapes.num_samples(); ++i) {
    check(shapes[i] == shapes[0], "mix: expected images of one shape, got (", dali::to_string(shapes[0]),
          ") for sample 0 and (", dali::to_string(shapes[i]), ") for sample ", i,
          "; resize or crop them to one size first");
  }
}

template <typename Pointer, typename Backend>
std::vector<Pointer> sample_pointers(const dali::TensorList<Backend>& images, const std::vector<int32_t>& kept) {
  std::vector<Pointer> pointers;
  pointers.reserve(kept.size());
  for (const int32_t sample : kept) pointers.push_back(static_cast<Pointer>(images.raw_tensor(sample)));
  return pointers;
}

// `Pointer` is what the parameters take for one sample.
template <typename Backend, typename Params>
void bind_and_launch(Params& params, const std::vector<int32_t>& kept, dali::Workspace& workspace) {
  using Pointer = std::remove_const_t<std::remove_pointer_t<decltype(params.in)>>;
  const auto in = sample_pointers<Pointer>(workspace.Input<Backend>(0), kept);
  params.in = in.data();
  params.out = workspace.Output<Backend>(0).raw_mutable_tensor(0);
  launch(params, workspace, Backend{});
}

}  // namespace

template <typename Backend>
MixOp<Backend>::MixOp(const dali::OpSpec& spec)
    : dali::Operator<Backend>(spec),
      options_(with_dali_errors([&] { return ImageOptions(spec); })),
      choice_(with_dali_errors([&] { return read_policy(spec); })),
      has_random_state_(spec.HasTensorArgument("_random_state")),
      plan_argument_(with_dali_errors([&] { return PlanArgument(spec); })),
      mirror_argument_("mirror", spec),
      status_argument_("status", spec) {
  with_dali_errors([&] {
    state_.seed = static_cast<uint64_t>(spec.GetArgument<int64_t>("seed"));
    label_params_.smoothing = decimal(spec.GetArgument<float>("smoothing"));
    int64_t classes = 0;
    const bool has_classes = spec.TryGetArgument(classes, "num_classes");
    check(has_classes || spec.NumRegularInput() < 2,
          "mix: expected num_classes where labels are given: dense targets have one column per class");
    label_params_.classes = classes;
  });
}

template <typename Backend>
void MixOp<Backend>::SaveState(dali::OpCheckpoint& checkpoint, dali::AccessOrder) {
  checkpoint.MutableCheckpointState() = state_;
}

template <typename Backend>
void MixOp<Backend>::RestoreState(const dali::OpCheckpoint& checkpoint) {
  state_ = checkpoint.CheckpointState<DrawState>();
}

template <typename Backend>
std::string MixOp<Backend>::SerializeCheckpoint(const dali::OpCheckpoint& checkpoint) const {
  return serialize(checkpoint.CheckpointState<DrawState>());
}

template <typename Backend>
void MixOp<Backend>::DeserializeCheckpoint(dali::OpCheckpoint& checkpoint, const std::string& data) const {
  checkpoint.MutableCheckpointState() = with_dali_errors([&] { return deserialize(data); });
}

template <typename Backend>
bool MixOp<Backend>::SetupImpl(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace) {
  with_dali_errors([&] {
    batch_ = workspace.GetInputBatchSize(0);
    check(batch_ > 0, "mix: expected a batch with samples, got an empty one");
    outputs.resize(workspace.NumOutput());
    read_kept(workspace);
    read_images(outputs, workspace);
    if (workspace.NumInput() > 1) read_labels(outputs, workspace);
  });
  return true;
}

template <typename Backend>
void MixOp<Backend>::read_kept(const dali::Workspace& workspace) {
  status_argument_.Acquire(this->spec_, workspace, batch_);
  kept_.clear();
  for (int i = 0; i < batch_; ++i) {
    if (status_argument_[i].data[0] == 0) kept_.push_back(i);
  }
}

template <typename Backend>
void MixOp<Backend>::read_images(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace) {
  const auto shapes = workspace.GetInputShape(0);
  const auto type = workspace.GetInputDataType(0);
  const auto layout = workspace.GetInputLayout(0);
  check_one_shape(shapes);
  const dali::TensorShape<> shape = shapes[0];
  if (options_.normalizes(type)) {
    NormalizeMixParams params = options_.normalize_params(shape, layout);
    read_plan(workspace, params.height, params.width);
    read_mirror(workspace, params);
    params.plan = plan_.view();
    if (!kept_.empty()) validate(params);
    outputs[0] = {dali::uniform_list_shape(batch_, options_.output_shape(params)), options_.output_type()};
    image_params_ = params;
  } else {
    MixParams params = options_.mix_params(shape, layout, type);
    read_plan(workspace, params.height, params.width);
    params.plan = plan_.view();
    check(plan_.mask_extent.depth == 1 || params.depth > 1,
          "mix: expected samples with frames before the height for masks of ", plan_.mask_extent.depth,
          " frames, got shape (", dali::to_string(shape), ")");
    if (!kept_.empty()) validate(params);
    outputs[0] = {shapes, type};
    image_params_ = params;
  }
}

template <typename Backend>
void MixOp<Backend>::read_plan(const dali::Workspace& workspace, int64_t height, int64_t width) {
  check(height > 0 && width > 0, "mix: expected images with pixels, got height ", height, " and width ", width);
  if (plan_argument_.given()) {
    plan_ = plan_argument_.read(this->spec_, workspace, batch_, height, width);
  } else {
    draw(workspace, height, width);
  }
  if (static_cast<int>(kept_.size()) < batch_) plan_ = plan_of_kept(plan_, kept_);
}

template <typename Backend>
void MixOp<Backend>::draw(const dali::Workspace& workspace, int64_t height, int64_t width) {
  const DrawState state = has_random_state_ ? from_random_state(workspace.ArgumentInput("_random_state")) : state_;
  DrawKey key;
  key.seed = state.seed;
  key.step = state.step;
  std::vector<int64_t> groups;
  if (needs_groups(choice_.pairing)) groups = read_ids(workspace.Input<dali::CPUBackend>(1));
  const Extent image{0, static_cast<int32_t>(height), static_cast<int32_t>(width)};
  plan_ = draw_plan(choice_, batch_, image, key, {groups, {}});
}

template <typename Backend>
void MixOp<Backend>::read_mirror(const dali::Workspace& workspace, NormalizeMixParams& params) {
  mirror_argument_.Acquire(this->spec_, workspace, batch_);
  mirror_.clear();
  for (const int32_t sample : kept_) mirror_.push_back(mirror_argument_[sample].data[0] != 0);
  params.mirror = mirror_argument_.HasExplicitValue() ? mirror_.data() : nullptr;
}

template <typename Backend>
void MixOp<Backend>::read_labels(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace) {
  const std::vector<int64_t> ids = read_ids(workspace.Input<dali::CPUBackend>(1));
  labels_.clear();
  for (const int32_t sample : kept_) labels_.push_back(ids[sample]);
  label_params_.labels = labels_.data();
  label_params_.plan = plan_.view();
  if (!kept_.empty()) validate(label_params_, /*labels_on_host=*/true);
  outputs[1] = {dali::uniform_list_shape(batch_, dali::TensorShape<1>{label_params_.classes}), DALI_FLOAT};
}

template <typename Backend>
void MixOp<Backend>::RunImpl(dali::Workspace& workspace) {
  // Counted where the batch is certain to be made, once: a refused one leaves the state as it was.
  ++state_.step;
  with_dali_errors([&] {
    auto& images = workspace.Output<Backend>(0);
    const bool normalized = std::holds_alternative<NormalizeMixParams>(image_params_);
    images.SetLayout(normalized ? options_.output_layout() : workspace.GetInputLayout(0));
    check(images.IsContiguousInMemory(), "mix: expected DALI to allocate the batch in one piece");
    if (kept_.empty()) return;
    std::visit([&](auto& params) { bind_and_launch<Backend>(params, kept_, workspace); }, image_params_);
    if (workspace.NumOutput() < 2) return;
    label_params_.out = workspace.Output<Backend>(1).template mutable_tensor<float>(0);
    launch(label_params_, workspace, Backend{});
  });
}

template class MixOp<dali::CPUBackend>;
template class MixOp<dali::GPUBackend>;

}  // namespace fastmix
