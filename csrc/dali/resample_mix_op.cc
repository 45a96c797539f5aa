#include "resample_mix_op.h"

#include <algorithm>

#include "base/error.h"
#include "dali/core/tensor_shape_print.h"
#include "errors.h"
#include "launch.h"
#include "window_arguments.h"

namespace fastmix {

namespace {

int32_t side(int64_t length, int sample) {
  check(length >= 1 && length <= kMaxSourceSide, "resample_mix: expected images with sides of 1 to ", kMaxSourceSide,
        " pixels, got ", length, " for sample ", sample);
  return static_cast<int32_t>(length);
}

}  // namespace

template <typename Backend>
ResampleMixOp<Backend>::ResampleMixOp(const dali::OpSpec& spec)
    : MixOp<Backend>(spec),
      sampling_(with_dali_errors([&] { return read_sampling(spec, "resample_mix"); })),
      window_argument_("window", spec),
      augments_(spec.HasTensorArgument("sample_plan")) {
  with_dali_errors([&] {
    check(augments_ || !spec.HasArgument("sample_plan"),
          "resample_mix: expected sample_plan as a node with one row per sample, got a constant");
    check(!augments_ || !(spec.HasArgument("filter") || spec.HasArgument("edges")),
          "resample_mix: filter and edges have no effect with sample_plan, which has them per sample; leave them out");
  });
  const Size size = with_dali_errors([&] { return read_size(spec, "resample_mix"); });
  height_ = size.height;
  width_ = size.width;
}

template <typename Backend>
bool ResampleMixOp<Backend>::SetupImpl(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace) {
  with_dali_errors([&] {
    this->batch_ = workspace.GetInputBatchSize(0);
    check(this->batch_ > 0, "resample_mix: expected a batch with samples, got an empty one");
    const auto type = workspace.GetInputDataType(0);
    check(type == DALI_UINT8 && this->options_.normalizes(type), "resample_mix: expected UINT8 images, got ",
          dali::TypeName(type));
    outputs.resize(workspace.NumOutput());
    this->read_kept(workspace);
    read_views(workspace);
    read_images(workspace);
    read_windows(workspace);

    // The options as of images that have the output's size already.
    NormalizeMixParams same = this->options_.normalize_params({height_, width_, params_.channels}, "HWC");
    if (has_views_) {
      this->plan_ = Plan(static_cast<int32_t>(images_.size()));
      for (int32_t k = 0; k < this->plan_.batch(); ++k) this->plan_.rows[k].partner = k;
    } else {
      this->read_plan(workspace, height_, width_);
      this->read_mirror(workspace, same);
    }
    samplings_.assign(images_.size(), sampling_);
    if (augments_) read_samples(workspace);
    params_.sources = {images_.data(), windows_.data(), samplings_.data()};
    params_.mirror = same.mirror;
    params_.out_dtype = same.out_dtype;
    params_.out_layout = same.out_layout;
    params_.height = height_;
    params_.width = width_;
    std::copy(same.scale, same.scale + kMaxChannels, params_.scale);
    std::copy(same.bias, same.bias + kMaxChannels, params_.bias);
    params_.plan = this->plan_.view();
    if (!this->kept_.empty()) validate(params_);
    const dali::TensorShape<> shape = this->options_.output_shape(same);
    const dali::TensorShape<> whole = has_views_ ? dali::shape_cat(views_, shape) : shape;
    outputs[0] = {dali::uniform_list_shape(this->batch_, whole), this->options_.output_type()};
    if (workspace.NumInput() > 1) this->read_labels(outputs, workspace);
  });
  return true;
}

template <typename Backend>
void ResampleMixOp<Backend>::read_views(const dali::Workspace& workspace) {
  const bool node = this->spec_.HasTensorArgument("window");
  has_views_ = node && workspace.ArgumentInput("window").sample_dim() == 2;
  views_ = 1;
  if (!has_views_) return;
  const auto& windows = workspace.ArgumentInput("window");
  const dali::TensorShape<> shape = windows.tensor_shape(0);
  for (int i = 0; i < this->batch_; ++i) {
    check(windows.type() == DALI_FLOAT && windows.tensor_shape(i) == shape && shape[0] >= 1 && shape[1] == 4,
          "resample_mix: expected windows of several views as FLOAT (views, 4), the same for every sample, got (",
          dali::to_string(windows.tensor_shape(i)), ") of type ", dali::TypeName(windows.type()), " for sample ", i);
  }
  const auto& policies = this->choice_.policies;
  const bool mixes = this->plan_argument_.given() || workspace.NumInput() > 1 ||
                     std::any_of(policies.begin(), policies.end(), [](const auto& each) { return each.prob > 0; });
  check(!mixes && !this->mirror_argument_.HasExplicitValue(),
        "resample_mix: expected alpha=0 and no plan, labels or "
        "mirror with several views, which are not mixed; sample_plan flips each view");
  views_ = static_cast<int32_t>(shape[0]);
}

template <typename Backend>
void ResampleMixOp<Backend>::read_images(const dali::Workspace& workspace) {
  const auto shapes = workspace.GetInputShape(0);
  const auto layout = workspace.GetInputLayout(0);
  check(layout.empty() || layout == "HWC", "resample_mix: expected images with layout HWC, got '", layout.str(), "'");
  images_.clear();
  for (const int32_t i : this->kept_) {
    const dali::TensorShape<> shape = shapes[i];
    check(shape.size() == 3 && shape[2] == shapes[0][2],
          "resample_mix: expected images of shape (height, width, channels) ", "with the same channels, got (",
          dali::to_string(dali::TensorShape<>(shapes[0])), ") for sample 0 and (", dali::to_string(shape),
          ") for sample ", i);
    images_.insert(images_.end(), views_, {nullptr, side(shape[0], i), side(shape[1], i)});
  }
  params_.channels = static_cast<int32_t>(shapes[0][2]);
}

template <typename Backend>
void ResampleMixOp<Backend>::read_windows(const dali::Workspace& workspace) {
  windows_.clear();
  const bool given = window_argument_.HasExplicitValue();
  if (given && !has_views_) window_argument_.Acquire(this->spec_, workspace, this->batch_, dali::TensorShape<1>{4});
  for (size_t k = 0; k < images_.size(); ++k) {
    windows_.push_back({0, 0, static_cast<float>(images_[k].height), static_cast<float>(images_[k].width)});
    if (!given) continue;
    const int32_t sample = this->kept_[k / views_];
    const float* w = has_views_ ? workspace.ArgumentInput("window").template tensor<float>(sample) + k % views_ * 4
                                : window_argument_[sample].data;
    windows_[k] = {w[0], w[1], w[2], w[3]};
  }
}

template <typename Backend>
void ResampleMixOp<Backend>::read_samples(const dali::Workspace& workspace) {
  const auto& rows = workspace.ArgumentInput("sample_plan");
  const int axis = has_views_ ? 1 : 0;
  check(rows.type() == DALI_INT32 && rows.sample_dim() == axis + 1, "resample_mix: expected sample_plan as ",
        has_views_ ? "(views, words)" : "rows", " of INT32, got ", rows.sample_dim(), " dimensions of type ",
        dali::TypeName(rows.type()));
  const dali::TensorShape<> shape = rows.tensor_shape(0);
  const int64_t words = shape[axis];
  check(words >= kSampleRowWords && (words - kSampleRowWords) % kOperationWords == 0 && words < kMaxSourceSide,
        "resample_mix: expected rows of 16 + 4 K words in sample_plan, got ", words, " for sample 0");
  check(!has_views_ || shape[0] == views_, "resample_mix: expected a row of sample_plan for each of ", views_,
        " views, got ", shape[0]);
  sample_words_.clear();
  for (const int32_t i : this->kept_) {
    const dali::TensorShape<> own = rows.tensor_shape(i);
    check(own == shape, "resample_mix: expected rows of one length in sample_plan, got ", words,
          " words for sample 0 and ", own[axis], " for sample ", i);
    const auto* row = rows.tensor<int32_t>(i);
    sample_words_.insert(sample_words_.end(), row, row + shape.num_elements());
  }
  params_.samples = {sample_words_.data(), static_cast<int32_t>(images_.size()), static_cast<int32_t>(words)};
  take_windows(params_.samples, window_argument_.HasExplicitValue(), windows_.data(), samplings_.data());
}

template <typename Backend>
void ResampleMixOp<Backend>::RunImpl(dali::Workspace& workspace) {
  ++this->state_.step;
  with_dali_errors([&] {
    const auto& images = workspace.Input<Backend>(0);
    for (size_t k = 0; k < images_.size(); ++k) {
      images_[k].data = static_cast<const uint8_t*>(images.raw_tensor(this->kept_[k / views_]));
    }
    auto& out = workspace.Output<Backend>(0);
    const dali::TensorLayout layout = this->options_.output_layout();
    out.SetLayout(has_views_ ? "F" + layout : layout);
    check(out.IsContiguousInMemory(), "resample_mix: expected DALI to allocate the batch in one piece");
    if (images_.empty()) return;
    params_.out = out.raw_mutable_tensor(0);
    launch(params_, workspace, Backend{});
    if (workspace.NumOutput() < 2) return;
    this->label_params_.out = workspace.Output<Backend>(1).template mutable_tensor<float>(0);
    launch(this->label_params_, workspace, Backend{});
  });
}

template class ResampleMixOp<dali::CPUBackend>;
template class ResampleMixOp<dali::GPUBackend>;

}  // namespace fastmix
