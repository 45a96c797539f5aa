#include <cstring>

#include "mix/combine.h"
#include "mix/sum_cpu.h"

namespace fastmix {

namespace {

class CombineJob final : public SumJob {
 public:
  explicit CombineJob(const CombineParams& params)
      : SumJob({params.out, params.elements, params.terms.outputs(), params.dtype, params.elements}), params_(params) {}

 protected:
  void add_terms(double* sum, int32_t output, int64_t first, int64_t last) const override {
    const Terms& terms = params_.terms;
    for (uint32_t k = terms.begin[output]; k < terms.begin[output + 1]; ++k)
      add(sum, params_.in[terms.source[k]], first, last - first, terms.weight[k]);
  }

  bool copies(void* out, int32_t output, int64_t first, int64_t last) const override {
    const int32_t source = params_.terms.copied(output);
    if (source < 0) return false;
    const auto* in = static_cast<const unsigned char*>(params_.in[source]);
    std::memcpy(out, in + first * item(), (last - first) * item());
    return true;
  }

 private:
  const CombineParams params_;
};

}  // namespace

std::unique_ptr<CpuJob> combine_cpu(const CombineParams& params) { return std::make_unique<CombineJob>(params); }

}  // namespace fastmix
