// mix_labels turns class ids into dense targets.
#include "labels/labels.h"
#include "registration.h"

namespace fastmix {

namespace {

// Returns `labels` as contiguous int64 (B,). Throws Error for other types and shapes.
Tensor class_ids(const char* name, const Tensor& labels) {
  check(labels.dim() == 1 && labels.scalar_type() == ScalarType::Long, "mix_labels: expected ", name,
        " as class ids of dtype int64 and shape (B,), got ", torch::headeronly::toString(labels.scalar_type()), " ",
        shape_of(labels));
  return torch::stable::contiguous(labels);
}

}  // namespace

Tensor mix_labels_op(const Tensor& labels, const Tensor& plan, int64_t num_classes, double smoothing,
                     std::optional<Tensor> other) {
  constexpr const char* op = "mix_labels";
  const int32_t batch = check_batch(op, "labels", labels);
  const Tensor ids = class_ids("labels", labels);
  std::optional<Tensor> others;
  MixLabelsParams params;
  if (other) {
    check(device_of(*other) == device_of(labels), op, ": expected other= on the device of labels, ", device_of(labels),
          ", got ", device_of(*other), "; pass other.to(labels.device)");
    check_batch(op, "other", *other);
    others = class_ids("other", *other);
    params.other = static_cast<const int64_t*>(others->const_data_ptr());
  }
  params.labels = static_cast<const int64_t*>(ids.const_data_ptr());
  params.classes = num_classes;
  params.smoothing = smoothing;
  params.plan = plan_view(op, plan, batch, std::nullopt, labels, Resident::kTaken, others);
  validate(params, labels.is_cpu());

  Tensor out = torch::stable::empty({batch, num_classes}, ScalarType::Float, std::nullopt, labels.device());
  if (batch == 0) return out;
  params.out = static_cast<float*>(out.mutable_data_ptr());
  if (labels.is_cpu()) {
    mix_labels_cpu(params);
  } else {
    const CudaScope scope(labels);
    mix_labels_cuda(params, scope.stream());
  }
  return out;
}

}  // namespace fastmix
