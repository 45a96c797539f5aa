#include <algorithm>
#include <vector>

#include "../mix.h"
#include "kernels.h"
#include "walk.h"

namespace fastmix {

namespace {

constexpr int64_t kTile = 2048;

class MixBackwardJob final : public CpuJob {
 public:
  explicit MixBackwardJob(const MixParams& params)
      : params_(params),
        chosen_by_(params.plan.batch),
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
    for (int64_t task = begin; task < end; ++task) {
      const int32_t sample = static_cast<int32_t>(task % params_.plan.batch);
      const int64_t first = task / params_.plan.batch * kTile;
      const int64_t last = std::min(params_.elements, first + kTile);
      std::fill(sum, sum + (last - first), 0.0);
      add(sum, sample, false, first, last);
      for (int32_t j : chosen_by_[sample]) add(sum, j, true, first, last);
      kernels_.store(params_.dtype, out(sample, first), sum, last - first);
    }
  }

 private:
  unsigned char* out(int32_t sample, int64_t element) const {
    return static_cast<unsigned char*>(params_.out) + (sample * params_.out_stride + element) * item_;
  }

  // sum += W_j * g_j, or (1 - W_j) * g_j for the share that sample j took from its partner.
  void add(double* sum, int32_t j, bool as_partner, int64_t first, int64_t last) const {
    const PlanView& plan = params_.plan;
    const auto* gradient = static_cast<const unsigned char*>(params_.in[j]);
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
  const int64_t item_, tiles_;
  const CpuKernels& kernels_;
};

}  // namespace

std::unique_ptr<CpuJob> mix_backward_cpu(const MixParams& params) { return std::make_unique<MixBackwardJob>(params); }

}  // namespace fastmix
