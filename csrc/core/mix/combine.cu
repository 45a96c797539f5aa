// Weighted sums of up to kMaxWays samples, written to new memory. The gradient of such a sum is a weighted sum too, so
// the same kernel computes it.
#include <type_traits>

#include "base/with_type.h"
#include "mix/combine.h"
#include "mix/sum_segments.h"

namespace fastmix {

// The weight of one term, with the functions that weighted_sums.h lists. All elements of a sample have the same weight.
struct TermWeight {
  double weight;
  __device__ __forceinline__ bool uniform() const { return true; }
  __device__ __forceinline__ double at(int) const { return weight; }
  __device__ __forceinline__ bool none(double w) const { return w == 0.0; }
  __device__ __forceinline__ double exact(double w) const { return w; }
  __device__ __forceinline__ WeightBounds bounds(double w) const { return bounds_of(w); }
  __device__ __forceinline__ SplitWeight halves(double w) const { return split(w); }
};

namespace {

template <typename T, int kBytes, typename Plan>
__global__ void __launch_bounds__(kLanes* kSumWarps)
    combine_kernel(const __grid_constant__ Plan plan, const __grid_constant__ SumArgs args) {
  const int64_t vector = static_cast<int64_t>(blockIdx.x) * kLanes + threadIdx.x;
  if (vector >= args.vectors) return;
  sum_segments<T, kBytes>(
      plan, args, vector, [&](uint32_t k, uint32_t) { return TermWeight{plan.term_weight(k)}; },
      [&](uint32_t k) { return plan.term_weight(k) == 1.0; });
}

GpuWalk walk_of(const Terms& terms) {
  GpuWalk walk;
  for (const int32_t source : terms.source) walk.entries.push_back(static_cast<uint32_t>(source) << kFlagBits);
  walk.segment_begin = terms.begin;
  walk.bundle_begin = {0};
  return walk;
}

template <typename T, int kBytes>
void launch_combine(const CombineParams& params, CudaStream stream) {
  SumArgs args{};
  args.out = static_cast<unsigned char*>(params.out);
  args.out_stride = params.elements * static_cast<int64_t>(sizeof(T));
  args.vectors = args.out_stride / kBytes;
  args.outputs = static_cast<uint32_t>(params.terms.outputs());
  const GpuWalk walk = walk_of(params.terms);
  with_kernel_plan({{}, &walk, params.in, params.sources, &params.terms.weight}, stream, [&](const auto& kernel_plan) {
    const auto kernel = combine_kernel<T, kBytes, std::decay_t<decltype(kernel_plan)>>;
    FM_LAUNCH("combine", kernel, sum_grid(args), dim3(kLanes, kSumWarps), 0, stream, kernel_plan, args);
  });
}

template <typename T>
void dispatch_width(const CombineParams& params, CudaStream stream) {
  uint64_t bits = reinterpret_cast<uintptr_t>(params.out) | static_cast<uint64_t>(params.elements) * sizeof(T);
  for (int32_t i = 0; i < params.sources; ++i) bits |= reinterpret_cast<uintptr_t>(params.in[i]);
  if (bits % 16 == 0) return launch_combine<T, 16>(params, stream);
  launch_combine<T, static_cast<int>(sizeof(T))>(params, stream);
}

}  // namespace

void combine_cuda(const CombineParams& params, CudaStream stream) {
  if (params.terms.outputs() == 0 || params.elements == 0) return;
  with_element_type(params.dtype, [&](auto zero) { dispatch_width<decltype(zero)>(params, stream); });
}

}  // namespace fastmix
