// mix_, mix and the gradient of mix.
#include <algorithm>
#include <vector>

#include "huge_pages.h"
#include "registration.h"

namespace fastmix {

namespace {

using CpuKernel = std::unique_ptr<CpuJob> (*)(const MixParams&);
using CudaKernel = void (*)(const MixParams&, CudaStream);

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

// Throws Error if the masks have several frames, but the images have no frame dimension before height and width.
void check_frames(const char* op, const Tensor& images, const SampleLayout& layout, const PlanView& plan) {
  check(!has_any_mask(plan) || plan.mask.extent.depth == 1 ||
            (images.dim() >= 4 && !(images.dim() == 4 && layout.channels_last)),
        op, ": expected contiguous images (B, T, H, W) or images (B, C, T, H, W) for masks of ", plan.mask.extent.depth,
        " frames, got shape ", shape_of(images), layout.channels_last ? " channels_last" : "");
}

// Throws Error if `other` differs from `images` in more than the number of samples.
void check_other(const char* op, const Tensor& images, const Tensor& other) {
  const int64_t rank = images.dim();
  bool fits =
      other.dim() == rank && other.scalar_type() == images.scalar_type() && device_of(other) == device_of(images);
  for (int64_t dim = 1; fits && dim < rank; ++dim) fits = other.size(dim) == images.size(dim);
  check(fits, op, ": expected other= with the dtype, the device and the sample shape of images, got ",
        torch::headeronly::toString(other.scalar_type()), " ", shape_of(other), " on ", device_of(other),
        " with images of ", torch::headeronly::toString(images.scalar_type()), " ", shape_of(images), " on ",
        device_of(images));
  check_batch(op, "other", other);
}

void check_layout(const char* op, const SampleLayout& images, const Tensor& other) {
  const SampleLayout layout = sample_layout(other);
  check(layout.packed && layout.pixel_stride == images.pixel_stride, op, ": expected other= to be ",
        images.channels_last ? "channels_last" : "contiguous", ", as images are, got ",
        !layout.packed         ? "samples with gaps"
        : layout.channels_last ? "channels_last"
                               : "contiguous",
        "; use other.contiguous(memory_format=...) with the memory format of images");
}

bool overlap(const std::vector<const void*>& images, const std::vector<const void*>& other, int64_t bytes) {
  if (images.empty() || other.empty() || bytes == 0) return false;
  const auto begin = [](const void* sample) { return reinterpret_cast<uintptr_t>(sample); };
  const auto end = [&](const void* sample) { return begin(sample) + static_cast<uintptr_t>(bytes); };
  // Addresses ascend in both lists. First compare the lists' whole ranges, then single samples.
  if (end(images.back()) <= begin(other.front()) || end(other.back()) <= begin(images.front())) return false;
  for (const void* sample : other) {
    const auto next = std::lower_bound(images.begin(), images.end(), sample);
    if (next != images.end() && begin(*next) < end(sample)) return true;
    if (next != images.begin() && end(*(next - 1)) > begin(sample)) return true;
  }
  return false;
}

// Returns `images` if their samples are packed, else a contiguous copy.
Tensor packed(const Tensor& images) {
  return sample_layout(images).packed ? images : torch::stable::contiguous(images);
}

Tensor empty_samples(const Tensor& images, const SampleLayout& layout, int64_t count) {
  std::vector<int64_t> sizes(images.sizes().begin(), images.sizes().end());
  sizes[0] = count;
  return with_huge_pages(torch::stable::empty(sizes, images.scalar_type(), std::nullopt, images.device(), std::nullopt,
                                              layout.memory_format(images.dim())));
}

// Mixes into a new tensor in the memory layout of `images`, or contiguous if that layout has gaps. With `with_clean`,
// the result holds the unmixed images, then the mixed ones.
Tensor mix_out_of_place(const char* op, const Tensor& images, const PlanView& plan, const std::optional<Tensor>& other,
                        bool with_clean) {
  const DType dtype = dtype_of(op, images.scalar_type());
  if (other) check_other(op, images, *other);
  const SampleLayout given = sample_layout(images);
  validate(plan, given.height, given.width, false);
  check_frames(op, images, given, plan);
  Tensor out = empty_samples(images, given, with_clean ? 2 * int64_t{plan.batch} : plan.batch);
  if (out.numel() == 0) return out;

  const Tensor source = packed(images);
  const SampleLayout layout = sample_layout(source);
  const std::vector<const void*> in = sample_pointers(source);
  std::vector<const void*> others;
  MixParams params = params_of(dtype, layout, plan);
  if (other) {
    check_layout(op, layout, *other);
    others = sample_pointers(*other);
    params.others = others.data();
  }
  params.in = in.data();
  params.out = out.mutable_data_ptr();
  params.out_stride = layout.elements;
  if (with_clean) {
    params.clean = params.out;
    params.out = static_cast<char*>(params.out) + plan.batch * layout.elements * size_of(dtype);
  }
  launch(params, source, mix_cpu, mix_cuda);
  return out;
}

}  // namespace

void mix_in_place_op(const Tensor& images, const Tensor& rows, std::optional<Tensor> masks,
                     std::optional<Tensor> other) {
  constexpr const char* op = "mix_";
  const int32_t batch = check_batch(op, "images", images);
  const DType dtype = dtype_of(op, images.scalar_type());
  if (other) check_other(op, images, *other);
  const PlanView plan = plan_view(op, rows, batch, masks, images, Resident::kTaken, other);
  const SampleLayout layout = sample_layout(images);
  check(
      layout.packed && layout.batch_stride >= layout.elements,
      "mix_: expected images whose samples have no gaps (contiguous or channels_last) and do not overlap, got gaps or "
      "overlaps in shape ",
      shape_of(images), "; use images.contiguous(), or mix(), which writes a new batch");
  validate(plan, layout.height, layout.width, true);
  check_frames("mix_", images, layout, plan);
  if (images.numel() == 0) return;

  // Call mutable_data_ptr before reading addresses: a lazy clone (copy on write) gets separate memory in this call, and
  // `in` must point to the same memory as `out`.
  void* const out = images.mutable_data_ptr();
  const std::vector<const void*> in = sample_pointers(images);
  std::vector<const void*> others;
  MixParams params = params_of(dtype, layout, plan);
  if (other) {
    check_layout(op, layout, *other);
    others = sample_pointers(*other);
    check(!overlap(in, others, layout.elements * size_of(dtype)), op,
          ": expected other= and images in separate memory, got memory that both share; use mix(), which writes a new "
          "batch");
    params.others = others.data();
  }
  params.in = in.data();
  params.out = out;
  params.out_stride = layout.batch_stride;
  params.in_place = true;
  launch(params, images, mix_cpu, mix_cuda);
}

Tensor mix_op(const Tensor& images, const Tensor& plan, std::optional<Tensor> masks, std::optional<Tensor> other,
              bool with_clean, bool multiway) {
  constexpr const char* op = "mix";
  const int32_t batch = check_batch(op, "images", images);
  if (multiway) {
    check(!masks && !other && !with_clean, op,
          ": expected no masks, other or with_clean with a plan that mixes more than two images, got ",
          masks   ? "masks"
          : other ? "other"
                  : "with_clean",
          "; leave that argument out");
    return combine(images, plan);
  }
  check(!with_clean || !other, op, ": expected with_clean or other, got both; leave one out");
  if (other) check_other(op, images, *other);
  return mix_out_of_place(op, images, plan_view(op, plan, batch, masks, images, Resident::kTaken, other), other,
                          with_clean);
}

Tensor mix_backward_op(const Tensor& grad, const Tensor& rows, std::optional<Tensor> masks, int64_t inputs,
                       bool of_other, bool multiway) {
  constexpr const char* op = "mix_backward";
  const int32_t batch = check_batch(op, "grad", grad);
  check(grad.scalar_type() != ScalarType::Byte,
        "mix_backward: expected a floating-point gradient, got uint8; convert it to float32");
  check(inputs >= -1 && inputs <= INT32_MAX, op, ": expected inputs in [-1, 2^31), got ", inputs);
  check(!of_other || inputs >= 0, op, ": expected inputs, the number of samples in the other batch, to be >= 0, got ",
        inputs);
  if (multiway) return combine_backward(grad, rows, inputs);
  const DType dtype = dtype_of(op, grad.scalar_type());
  PlanView plan = plan_view(op, rows, batch, masks, grad, Resident::kRefused);
  plan.others = static_cast<int32_t>(inputs);
  const SampleLayout given = sample_layout(grad);
  validate(plan, given.height, given.width, false);
  check_frames(op, grad, given, plan);
  Tensor out = empty_samples(grad, given, of_other ? inputs : batch);
  if (out.numel() == 0) return out;

  const Tensor source = packed(grad);
  const SampleLayout layout = sample_layout(source);
  const std::vector<const void*> in = sample_pointers(source);
  MixParams params = params_of(dtype, layout, plan);
  params.in = in.data();
  params.out = out.mutable_data_ptr();
  params.out_stride = layout.elements;
  params.gradient_of_others = of_other;
  launch(params, source, mix_backward_cpu, mix_backward_cuda);
  return out;
}

}  // namespace fastmix
