// mix_labels: soft targets from class ids.
#include "labels/labels.h"
#include "registration.h"

namespace fastmix {

Tensor mix_labels_op(const Tensor& labels, const Tensor& partner, const Tensor& label_weight, int64_t num_classes,
                     double smoothing) {
  constexpr const char* op = "mix_labels";
  const int32_t rows = check_batch(op, "labels", labels);
  check(labels.dim() == 1 && labels.scalar_type() == ScalarType::Long, op,
        ": expected class ids of dtype int64 and shape (B,), got ", torch::headeronly::toString(labels.scalar_type()),
        " ", shape_of(labels));
  const int32_t batch = check_batch(op, "partner", partner);
  check(batch <= rows, op, ": expected at least one label per sample of the plan (", batch, "), got ", rows);
  const Tensor ids = torch::stable::contiguous(labels);

  MixLabelsParams params;
  params.labels = static_cast<const int64_t*>(ids.const_data_ptr());
  params.classes = num_classes;
  params.smoothing = smoothing;
  params.batch = batch;
  params.rows = rows;
  params.partner = plan_array<int32_t>(op, "partner", partner, batch);
  params.label_weight = plan_array<float>(op, "label_weight", label_weight, batch);
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
