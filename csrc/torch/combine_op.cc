// combine and combine_backward: one kernel, applied to the plan's terms or their transpose.
#include "huge_pages.h"
#include "mix/combine.h"
#include "registration.h"

namespace fastmix {

namespace {

MultiwayArrays multiway_arrays(const char* op, const Tensor& partner, const Tensor& weight) {
  check(partner.dim() == 2 && weight.dim() == 2, op, ": expected partner and weight of shape (B, ways), got ",
        shape_of(partner), " and ", shape_of(weight));
  MultiwayArrays plan;
  plan.batch = check_batch(op, "partner", partner);
  check(partner.size(1) >= 2 && partner.size(1) <= kMaxWays, op, ": expected 2 to ", kMaxWays,
        " partners per sample, got ", partner.size(1));
  plan.ways = static_cast<int32_t>(partner.size(1));
  plan.partner = plan_array<int32_t>(op, "partner", partner, plan.batch, plan.ways);
  plan.weight = plan_array<double>(op, "weight", weight, plan.batch, plan.ways);
  return plan;
}

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

Tensor combine_op(const Tensor& images, const Tensor& partner, const Tensor& weight) {
  const int32_t samples = check_batch("combine", "images", images);
  const MultiwayArrays plan = multiway_arrays("combine", partner, weight);
  validate(plan, samples);
  return combine("combine", images, terms_of(plan));
}

Tensor combine_backward_op(const Tensor& grad, const Tensor& partner, const Tensor& weight, int64_t samples) {
  constexpr const char* op = "combine_backward";
  const int32_t batch = check_batch(op, "grad", grad);
  check(grad.scalar_type() != ScalarType::Byte, op, ": expected a floating-point gradient, got uint8");
  check(samples >= 0 && samples <= INT32_MAX, op, ": expected samples in [0, 2^31), got ", samples);
  const MultiwayArrays plan = multiway_arrays(op, partner, weight);
  check(plan.batch == batch, op, ": expected a plan for ", batch, " samples, got one for ", plan.batch);
  validate(plan, static_cast<int32_t>(samples));
  return combine(op, grad, transposed(plan, static_cast<int32_t>(samples)));
}

}  // namespace fastmix
