#include <algorithm>
#include <vector>

#include "../mix.h"
#include "kernels.h"
#include "mask_rows.h"
#include "walk.h"

namespace fastmix {

namespace {

constexpr int64_t kTile = 2048;

class MixBackwardJob final : public CpuJob {
 public:
  explicit MixBackwardJob(const MixParams& params)
      : params_(params),
        chosen_by_(params.plan.batch),
        masks_(params.plan, params.pixel_stride, params.width, params.height, params.depth),
        item_(size_of(params.dtype)),
        tiles_((params.elements + kTile - 1) / kTile),
        kernels_(cpu_kernels()) {
    for (int32_t j = 0; j < params.plan.batch; ++j) {
      if (params.plan.partner[j] != j) chosen_by_[params.plan.partner[j]].push_back(j);
    }
  }

  int64_t tasks() const override { return tiles_ * params_.plan.batch; }

  // In float64 and rounded once, own gradient first, then those of the samples it was partner of in ascending
  // order: the CUDA kernel adds in the same order.
  void run(int64_t begin, int64_t end) const override {
    double sum[kTile];
    MaskRows::Scratch levels;
    for (int64_t task = begin; task < end; ++task) {
      const int32_t sample = static_cast<int32_t>(task % params_.plan.batch);
      const int64_t first = task / params_.plan.batch * kTile;
      const int64_t last = std::min(params_.elements, first + kTile);
      std::fill(sum, sum + (last - first), 0.0);
      add(sum, sample, false, first, last, levels);
      for (int32_t j : chosen_by_[sample]) add(sum, j, true, first, last, levels);
      kernels_.store(params_.dtype, out(sample, first), sum, last - first);
    }
  }

 private:
  unsigned char* out(int32_t sample, int64_t element) const {
    return static_cast<unsigned char*>(params_.out) + (sample * params_.out_stride + element) * item_;
  }

  // sum += W_j * g_j, or (1 - W_j) * g_j for the share that sample j took from its partner.
  void add(double* sum, int32_t j, bool as_partner, int64_t first, int64_t last, MaskRows::Scratch& scratch) const {
    const PlanView& plan = params_.plan;
    const auto* gradient = static_cast<const unsigned char*>(params_.in[j]);
    if (plan.mask_of(j) >= 0 && plan.partner[j] != j) {
      const int64_t row_elements = params_.width * params_.pixel_stride;
      for (int64_t at = first; at < last;) {
        const int64_t row = at / row_elements;
        const int64_t stop = std::min(last, (row + 1) * row_elements);
        const uint8_t* levels = masks_.row(plan.mask_of(j), row, scratch) + (at - row * row_elements);
        kernels_.accumulate_levels(params_.dtype, sum + (at - first), gradient + at * item_, levels, plan.weight_in[j],
                                   plan.weight_out[j], as_partner, stop - at);
        at = stop;
      }
      return;
    }
    for_each_span(plan.box + 4 * j, plan.has_box(j), params_.pixel_stride, params_.width, params_.height, first, last,
                  [&](int64_t begin, int64_t end, bool inside) {
                    const double own = plan.partner[j] == j ? 1.0 : inside ? plan.weight_in[j] : plan.weight_out[j];
                    const double weight = as_partner ? 1.0 - own : own;
                    if (weight == 0.0) return;
                    kernels_.accumulate(params_.dtype, sum + (begin - first), gradient + begin * item_, weight,
                                        end - begin);
                  });
  }

  const MixParams params_;
  std::vector<std::vector<int32_t>> chosen_by_;
  const MaskRows masks_;
  const int64_t item_, tiles_;
  const CpuKernels& kernels_;
};

}  // namespace

std::unique_ptr<CpuJob> mix_backward_cpu(const MixParams& params) { return std::make_unique<MixBackwardJob>(params); }

}  // namespace fastmix
