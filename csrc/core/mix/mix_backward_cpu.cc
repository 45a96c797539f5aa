#include "mix/mix.h"
#include "mix/sum_cpu.h"
#include "plan/cpu_walk.h"
#include "plan/gather.h"
#include "simd/mask_rows.h"

namespace fastmix {

namespace {

SumOutputs outputs_of(const MixParams& params) {
  const int32_t outputs = params.gradient_of_others ? params.plan.others : params.plan.batch;
  return {params.out, params.out_stride, outputs, params.dtype, params.elements};
}

class MixBackwardJob final : public SumJob {
 public:
  explicit MixBackwardJob(const MixParams& params)
      : SumJob(outputs_of(params)),
        params_(params),
        gather_(gather_of(params.plan, params.gradient_of_others)),
        masks_(params.plan, params.pixel_stride, params.width, params.height, params.depth) {}

 protected:
  void add_terms(double* sum, int32_t input, int64_t first, int64_t last) const override {
    MaskRows::Scratch levels;
    for (uint32_t k = gather_.begin[input]; k < gather_.begin[input + 1]; ++k) {
      const Share& share = gather_.shares[k];
      if (params_.plan.rows[share.sample].mask >= 0 && !params_.plan.alone(share.sample)) {
        add_masked(sum, share, first, last, levels);
      } else {
        add_share(sum, share, first, last);
      }
    }
  }

 private:
  // Adds W_j * g_j to `sum`, or (1 - W_j) * g_j if share.of_partner. W_j is the weight of sample j's own image in
  // output j, and g_j the gradient of output j.
  void add_share(double* sum, const Share& share, int64_t first, int64_t last) const {
    const PlanView& plan = params_.plan;
    const int32_t j = share.sample;
    for_each_span(plan.rows[j].box, plan.rows[j].has_box(), params_.pixel_stride, params_.width, params_.height, first,
                  last, [&](int64_t begin, int64_t end, bool inside) {
                    const double own = plan.alone(j) ? 1.0 : inside ? plan.rows[j].weight_in : plan.rows[j].weight_out;
                    const double weight = share.of_partner ? 1.0 - own : own;
                    if (weight != 0.0) add(sum + (begin - first), params_.in[j], begin, end - begin, weight);
                  });
  }

  // Adds the same products as add_share(), for a sample j with a mask. Its weight W_j differs by pixel.
  void add_masked(double* sum, const Share& share, int64_t first, int64_t last, MaskRows::Scratch& scratch) const {
    const PlanView& plan = params_.plan;
    const int32_t j = share.sample;
    const auto* gradient = static_cast<const unsigned char*>(params_.in[j]);
    const int64_t row_elements = params_.width * params_.pixel_stride;
    for (int64_t at = first; at < last;) {
      const int64_t row = at / row_elements;
      const int64_t stop = std::min(last, (row + 1) * row_elements);
      const uint8_t* levels = masks_.row(plan.rows[j].mask, row, scratch) + (at - row * row_elements);
      kernels().accumulate_levels(params_.dtype, sum + (at - first), gradient + at * item(), levels,
                                  plan.rows[j].weight_in, plan.rows[j].weight_out, share.of_partner, stop - at);
      at = stop;
    }
  }

  const MixParams params_;
  const Gather gather_;
  const MaskRows masks_;
};

}  // namespace

std::unique_ptr<CpuJob> mix_backward_cpu(const MixParams& params) { return std::make_unique<MixBackwardJob>(params); }

}  // namespace fastmix
