// Mixes more than two images, and computes the gradient. Both are weighted sums, so they use one kernel. A mixed sample
// is the weighted sum of its images. The gradient of an image is the weighted sum of the gradients of all mixed samples
// that contain the image. Both sums use the plan's weights.
#include "huge_pages.h"
#include "mix/combine.h"
#include "registration.h"

namespace fastmix {

namespace {

Tensor combine(const char* op, const Tensor& images, Terms terms) {
  const DType dtype = dtype_of(op, images.scalar_type());
  const SampleLayout given = sample_layout(images);
  std::vector<int64_t> sizes(images.sizes().begin(), images.sizes().end());
  sizes[0] = terms.outputs();
  Tensor out = with_huge_pages(torch::stable::empty(sizes, images.scalar_type(), std::nullopt, images.device(),
                                                    std::nullopt, given.memory_format(images.dim())));
  if (out.numel() == 0) return out;
  const Tensor source = given.packed ? images : torch::stable::contiguous(images);
  const std::vector<const void*> in = sample_pointers(source);
  CombineParams params;
  params.in = in.data();
  params.sources = static_cast<int32_t>(in.size());
  params.out = out.mutable_data_ptr();
  params.dtype = dtype;
  params.elements = given.elements;
  params.terms = std::move(terms);
  if (images.is_cpu()) {
    run(*combine_cpu(params));
  } else {
    const CudaScope scope(images);
    combine_cuda(params, scope.stream());
  }
  return out;
}

}  // namespace

Tensor combine(const Tensor& images, const Tensor& rows) {
  const MultiwayRows plan = multiway_rows("mix", rows);
  validate(plan, static_cast<int32_t>(images.size(0)));
  return combine("mix", images, terms_of(plan));
}

Tensor combine_backward(const Tensor& grad, const Tensor& rows, int64_t inputs) {
  constexpr const char* op = "mix_backward";
  const MultiwayRows plan = multiway_rows(op, rows);
  check(inputs >= 0, op, ": expected inputs, the number of mixed samples, to be >= 0, got ", inputs);
  check(plan.batch == grad.size(0), op, ": expected a plan for ", grad.size(0), " samples, got one for ", plan.batch,
        "; pass the plan that mix() got");
  validate(plan, static_cast<int32_t>(inputs));
  return combine(op, grad, transposed(plan, static_cast<int32_t>(inputs)));
}

}  // namespace fastmix
