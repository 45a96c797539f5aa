// mix_, mix and its backward: the same parameters, three kernels.
#include <vector>

#include "ops.h"

namespace fastmix {

namespace {

using CpuKernel = std::unique_ptr<CpuJob> (*)(const MixParams&);
using CudaKernel = void (*)(const MixParams&, CudaStream);

std::vector<const void*> sample_pointers(const Tensor& images, int32_t batch, const SampleLayout& layout) {
  const int64_t bytes = layout.batch_stride * static_cast<int64_t>(images.element_size());
  const char* first = static_cast<const char*>(images.const_data_ptr());
  std::vector<const void*> pointers(batch);
  for (int32_t i = 0; i < batch; ++i) pointers[i] = first + i * bytes;
  return pointers;
}

void launch(const MixParams& params, const Tensor& images, CpuKernel cpu, CudaKernel cuda) {
  if (images.is_cpu()) {
    run(*cpu(params));
  } else {
    const CudaScope scope(images);
    cuda(params, scope.stream());
  }
}

MixParams params_of(DType dtype, const SampleLayout& layout, const PlanView& plan) {
  MixParams params;
  params.dtype = dtype;
  params.elements = layout.elements;
  params.pixel_stride = layout.pixel_stride;
  params.width = layout.width;
  params.height = layout.height;
  params.depth = layout.depth;
  params.plan = plan;
  return params;
}

// Masks with frames weigh the third dimension from the end, which has to be one of rows.
void check_frames(const char* op, const Tensor& images, const SampleLayout& layout, const PlanView& plan) {
  check(!has_any_mask(plan) || plan.mask.extent.depth == 1 ||
            (images.dim() >= 4 && !(images.dim() == 4 && layout.channels_last)),
        op, ": expected contiguous images (B, T, H, W) or images (B, C, T, H, W) for masks of ", plan.mask.extent.depth,
        " frames, got shape ", shape_of(images), layout.channels_last ? " channels_last" : "");
}

// Into a fresh tensor with the layout of `images`, or a contiguous one where that has gaps.
Tensor out_of_place(const char* op, const Tensor& images, const PlanView& plan, CpuKernel cpu, CudaKernel cuda) {
  const DType dtype = dtype_of(op, images.scalar_type());
  SampleLayout layout = sample_layout(images);
  validate(plan, layout.height, layout.width, false);
  check_frames(op, images, layout, plan);
  const MemoryFormat format = layout.memory_format(images.dim());
  Tensor out =
      torch::stable::empty(images.sizes(), images.scalar_type(), std::nullopt, images.device(), std::nullopt, format);
  if (out.numel() == 0) return out;

  const Tensor source = layout.packed ? images : torch::stable::contiguous(images);
  layout = sample_layout(source);
  const std::vector<const void*> in = sample_pointers(source, plan.batch, layout);
  MixParams params = params_of(dtype, layout, plan);
  params.in = in.data();
  params.out = out.mutable_data_ptr();
  params.out_stride = layout.elements;
  launch(params, source, cpu, cuda);
  return out;
}

}  // namespace

void mix_in_place_op(const Tensor& images, const Tensor& partner, const Tensor& weight_in, const Tensor& weight_out,
                     const Tensor& box, std::optional<Tensor> mask, std::optional<Tensor> mask_index) {
  const int32_t batch = check_batch("mix_", "images", images);
  const DType dtype = dtype_of("mix_", images.scalar_type());
  const PlanView plan = plan_view("mix_", images, partner, weight_in, weight_out, box, mask, mask_index);
  const SampleLayout layout = sample_layout(images);
  check(layout.packed && layout.batch_stride >= layout.elements,
        "mix_: expected images whose samples lie packed in memory, contiguous or channels_last, and do not overlap, "
        "got shape ",
        shape_of(images), " with other strides; use images.contiguous(), or mix(), which writes a new batch");
  validate(plan, layout.height, layout.width, true);
  check_frames("mix_", images, layout, plan);
  if (images.numel() == 0) return;

  const std::vector<const void*> in = sample_pointers(images, batch, layout);
  MixParams params = params_of(dtype, layout, plan);
  params.in = in.data();
  params.out = images.mutable_data_ptr();
  params.out_stride = layout.batch_stride;
  params.in_place = true;
  launch(params, images, mix_cpu, mix_cuda);
}

Tensor mix_op(const Tensor& images, const Tensor& partner, const Tensor& weight_in, const Tensor& weight_out,
              const Tensor& box, std::optional<Tensor> mask, std::optional<Tensor> mask_index) {
  check_batch("mix", "images", images);
  return out_of_place("mix", images, plan_view("mix", images, partner, weight_in, weight_out, box, mask, mask_index),
                      mix_cpu, mix_cuda);
}

Tensor mix_backward_op(const Tensor& grad, const Tensor& partner, const Tensor& weight_in, const Tensor& weight_out,
                       const Tensor& box, std::optional<Tensor> mask, std::optional<Tensor> mask_index) {
  check_batch("mix_backward", "grad", grad);
  check(grad.scalar_type() != ScalarType::Byte, "mix_backward: expected a floating point gradient, got uint8");
  return out_of_place("mix_backward", grad,
                      plan_view("mix_backward", grad, partner, weight_in, weight_out, box, mask, mask_index),
                      mix_backward_cpu, mix_backward_cuda);
}

}  // namespace fastmix
