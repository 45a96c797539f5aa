// The operators that take a resident plan, for CUDA graphs: schemas, implementations and registration.
// fastmix.cuda_graphs packs the plan's memory.
#include <vector>

#include "labels/labels.h"
#include "pixels.h"
#include "plan/resident_plan.h"
#include "registration.h"

namespace fastmix {

namespace {

// Refuses memory on another device than the images, or of the wrong size for their batch.
const void* resident_memory(const char* op, const Tensor& plan, const Tensor& images, int32_t batch) {
  check(images.is_cuda() && device_of(plan) == device_of(images), op,
        ": expected data and plan on one CUDA device, got ", device_of(images), " and ", device_of(plan));
  const ResidentLayout layout(batch);
  check(
      plan.scalar_type() == ScalarType::Byte && plan.dim() == 1 && plan.size(0) == layout.bytes && plan.is_contiguous(),
      op, ": expected the memory of a plan for ", batch, " samples (uint8, ", int64_t{layout.bytes}, " bytes), got ",
      torch::headeronly::toString(plan.scalar_type()), " ", shape_of(plan),
      "; make the ResidentPlan for this batch size");
  return plan.const_data_ptr();
}

void mix_resident_op(const Tensor& images, const Tensor& plan) {
  constexpr const char* op = "cuda_graphs.mix_";
  MixParams params;
  params.plan.batch = check_batch(op, "images", images);
  params.dtype = dtype_of(op, images.scalar_type());
  params.resident = resident_memory(op, plan, images, params.plan.batch);
  const SampleLayout layout = sample_layout(images);
  check(layout.packed && layout.batch_stride >= layout.elements, op,
        ": expected images whose samples are packed (contiguous or channels_last) and do not overlap, got shape ",
        shape_of(images), " with other strides; use images.contiguous()");
  if (images.numel() == 0) return;
  params.elements = layout.elements;
  params.pixel_stride = layout.pixel_stride;
  params.width = layout.width;
  params.height = layout.height;
  params.out = images.mutable_data_ptr();
  params.out_stride = layout.batch_stride;
  params.in_place = true;
  const CudaScope scope(images);
  mix_cuda(params, scope.stream());
}

Tensor normalize_mix_resident_op(const Tensor& images, const Tensor& plan, std::vector<double> mean,
                                 std::vector<double> std, ScalarType dtype, bool channels_last) {
  constexpr const char* op = "cuda_graphs.normalize_mix";
  check_pixels(op, images);
  check_output(op, dtype);
  check(images.is_contiguous(), op, ": expected contiguous images; use images.contiguous()");
  const Normalization normalization = normalization_of(op, mean, std, images.size(3));
  NormalizeMixParams params = normalize_params(op, images, normalization, dtype, channels_last);
  params.resident = resident_memory(op, plan, images, params.plan.batch);
  Tensor out =
      empty_batch(params.plan.batch, params.channels, params.height, params.width, dtype, images, channels_last);
  if (out.numel() == 0) return out;
  const std::vector<const uint8_t*> in = sample_pointers<uint8_t>(images);
  params.in = in.data();
  params.out = out.mutable_data_ptr();
  const CudaScope scope(images);
  normalize_mix_cuda(params, scope.stream());
  return out;
}

Tensor mix_labels_resident_op(const Tensor& labels, const Tensor& plan, int64_t num_classes, double smoothing) {
  constexpr const char* op = "cuda_graphs.mix_labels";
  MixLabelsParams params;
  const int32_t batch = check_batch(op, "labels", labels);
  params.plan.batch = batch;
  check(labels.dim() == 1 && labels.scalar_type() == ScalarType::Long && labels.is_contiguous(), op,
        ": expected contiguous class ids of dtype int64 and shape (B,), got ",
        torch::headeronly::toString(labels.scalar_type()), " ", shape_of(labels));
  check(num_classes >= 1 && smoothing >= 0.0 && smoothing < 1.0, op,
        ": expected num_classes >= 1 and smoothing in [0, 1), got ", num_classes, " and ", smoothing);
  params.resident = resident_memory(op, plan, labels, batch);
  params.labels = static_cast<const int64_t*>(labels.const_data_ptr());
  params.classes = num_classes;
  params.smoothing = smoothing;
  Tensor out = torch::stable::empty({batch, num_classes}, ScalarType::Float, std::nullopt, labels.device());
  if (batch == 0) return out;
  params.out = static_cast<float*>(out.mutable_data_ptr());
  const CudaScope scope(labels);
  mix_labels_cuda(params, scope.stream());
  return out;
}

template <typename Library>
void implement(Library& m) {
  m.impl("mix_resident_", TORCH_BOX(&mix_resident_op));
  m.impl("normalize_mix_resident", TORCH_BOX(&normalize_mix_resident_op));
  m.impl("mix_labels_resident", TORCH_BOX(&mix_labels_resident_op));
}

}  // namespace

}  // namespace fastmix

STABLE_TORCH_LIBRARY_FRAGMENT(fastmix, m) {
  m.def("mix_resident_(Tensor(a!) images, Tensor plan) -> ()");
  m.def(
      "normalize_mix_resident(Tensor images, Tensor plan, float[] mean, float[] std, ScalarType dtype, "
      "bool channels_last) -> Tensor");
  m.def("mix_labels_resident(Tensor labels, Tensor plan, int num_classes, float smoothing) -> Tensor");
}

// Registered for CPU too, so that CPU tensors reach the operators' own error.
STABLE_TORCH_LIBRARY_IMPL(fastmix, CPU, m) { fastmix::implement(m); }
STABLE_TORCH_LIBRARY_IMPL(fastmix, CUDA, m) { fastmix::implement(m); }
