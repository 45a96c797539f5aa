// Schemas, implementation and registration of augment_ and augment.
#include <vector>

#include "augment/augment.h"
#include "augment/device_operations.h"
#include "huge_pages.h"
#include "sample_plan_argument.h"
#include "stable.h"

namespace fastmix {

namespace {

// The memory layout of images (B, 3, H, W) or, with `pixels_last`, (B, H, W, 3).
struct AugmentLayout {
  int64_t batch_stride;
  bool packed, interleaved;
};

AugmentLayout layout_of(const Tensor& images, bool pixels_last) {
  const SampleLayout layout = sample_layout(images);
  // For shape (B, H, W, 3), torch's channels_last makes H the innermost dimension. The kernels cannot read that.
  return {layout.batch_stride, layout.packed && !(pixels_last && layout.channels_last),
          pixels_last || layout.channels_last};
}

void check_images(const char* op, const Tensor& images, bool channels_last) {
  check_batch(op, "images", images);
  const int64_t channel_dim = channels_last ? 3 : 1;
  check(images.dim() == 4 && images.scalar_type() == ScalarType::Byte && images.size(channel_dim) == 3, op,
        ": expected images of dtype uint8 and shape ", channels_last ? "(B, H, W, 3)" : "(B, 3, H, W)",
        " with channels_last=", channels_last ? "True" : "False", ", got ",
        torch::headeronly::toString(images.scalar_type()), " ", shape_of(images));
}

AugmentParams params_of(const char* op, const Tensor& images, const Tensor& plan, bool channels_last) {
  check_images(op, images, channels_last);
  AugmentParams params;
  params.height = images.size(channels_last ? 1 : 2);
  params.width = images.size(channels_last ? 2 : 3);
  params.plan = sample_plan_view(op, plan, images.size(0));
  validate(op, params);
  return params;
}

void run(const AugmentParams& params, const Tensor& images) {
  if (images.is_cpu()) return run(*augment_cpu(params));
  const DeviceProgram program = device_program(params);
  const CudaScope scope(images);
  const Tensor scratch = cuda_scratch(images, program.scratch_bytes);
  augment_cuda(params, program, scratch.mutable_data_ptr(), scope.stream());
}

}  // namespace

void augment_in_place_op(const Tensor& images, const Tensor& plan, bool channels_last) {
  constexpr const char* op = "augment_";
  AugmentParams params = params_of(op, images, plan, channels_last);
  const AugmentLayout layout = layout_of(images, channels_last);
  check(layout.packed && layout.batch_stride >= 3 * params.height * params.width, op,
        ": expected images whose samples have no gaps and do not overlap, got gaps or overlaps in shape ",
        shape_of(images), "; use images.contiguous(), or augment(), which writes a new batch");
  if (images.numel() == 0) return;
  params.out = static_cast<uint8_t*>(images.mutable_data_ptr());
  params.in = params.out;
  params.in_stride = params.out_stride = layout.batch_stride;
  params.interleaved = layout.interleaved;
  run(params, images);
}

Tensor augment_op(const Tensor& images, const Tensor& plan, bool channels_last) {
  AugmentParams params = params_of("augment", images, plan, channels_last);
  const Tensor source = layout_of(images, channels_last).packed ? images : torch::stable::contiguous(images);
  params.interleaved = layout_of(source, channels_last).interleaved;
  const std::vector<int64_t> sizes(source.sizes().begin(), source.sizes().end());
  const MemoryFormat format =
      params.interleaved && !channels_last ? MemoryFormat::ChannelsLast : MemoryFormat::Contiguous;
  Tensor out = with_huge_pages(
      torch::stable::empty(sizes, ScalarType::Byte, std::nullopt, source.device(), std::nullopt, format));
  if (out.numel() == 0) return out;
  params.in = static_cast<const uint8_t*>(source.const_data_ptr());
  params.in_stride = layout_of(source, channels_last).batch_stride;
  params.out = static_cast<uint8_t*>(out.mutable_data_ptr());
  params.out_stride = 3 * params.height * params.width;
  run(params, images);
  return out;
}

}  // namespace fastmix

STABLE_TORCH_LIBRARY_FRAGMENT(fastmix, m) {
  m.def("augment_(Tensor(a!) images, Tensor plan, bool channels_last) -> ()");
  m.def("augment(Tensor images, Tensor plan, bool channels_last) -> Tensor");
}

namespace {

template <typename Library>
void implement(Library& m) {
  m.impl("augment_", TORCH_BOX(&fastmix::augment_in_place_op));
  m.impl("augment", TORCH_BOX(&fastmix::augment_op));
}

}  // namespace

STABLE_TORCH_LIBRARY_IMPL(fastmix, CPU, m) { implement(m); }
STABLE_TORCH_LIBRARY_IMPL(fastmix, CUDA, m) { implement(m); }
