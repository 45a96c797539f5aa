// The gradient of mix, written to new memory. The gradient of image i is W_i * g[i] plus (1 - W_j) * g[j] for every
// sample j whose partner is i. Here W_i is the weight of image i in its own output, and g[i] the gradient of that
// output. The results have the same bits as float64 sums in the CPU job's order, so CPU and CUDA agree.
#include <type_traits>

#include "base/with_type.h"
#include "cuda/pixels.h"
#include "mix/mix.h"
#include "mix/mix_launch.h"
#include "mix/mix_vectors.h"
#include "mix/share_weight.h"
#include "mix/sum_segments.h"

namespace fastmix {

namespace {

template <int kCount>
struct BoxShare : ShareWeight {
  Weights weights;
  uint32_t inside;  // bit j is set if element j lies in the box
  __device__ __forceinline__ bool uniform() const { return inside == 0 || inside == kAllElements<kCount>; }
  __device__ __forceinline__ float at(int j) const {
    return (inside >> j & 1u) != 0 ? weights.inside : weights.outside;
  }
};

// Segment i of `plan` lists the terms of the gradient of image i (gather_gpu_walk() in plan/gpu_walk.h).
template <typename T, int kBytes, typename Plan>
__global__ void __launch_bounds__(kLanes* kSumWarps, 4)
    mix_backward_kernel(const __grid_constant__ Plan plan, const __grid_constant__ SumArgs args,
                        const __grid_constant__ PixelGrid grid) {
  constexpr int kCount = kBytes / static_cast<int>(sizeof(T));
  const int64_t vector = static_cast<int64_t>(blockIdx.x) * kLanes + threadIdx.x;
  if (vector >= args.vectors) return;
  Span span = {};
  if (plan.has_box()) span = span_of(grid, vector * kCount, kCount);
  sum_segments<T, kBytes>(
      plan, args, vector,
      [&](uint32_t, uint32_t entry) {
        const uint32_t inside = plan.has_box() ? elements_inside<kCount>(grid, span, plan.box(sample_of(entry))) : 0;
        return BoxShare<kCount>{{(entry & kPartnerFlag) != 0}, share_weights(plan, entry), inside};
      },
      [](uint32_t) { return false; });
}

template <typename T, int kBytes>
void launch_backward(const MixParams& params, CudaStream stream) {
  const GpuWalk walk = gather_gpu_walk(params.plan, params.gradient_of_others);
  SumArgs args{};
  args.out = static_cast<unsigned char*>(params.out);
  args.out_stride = params.out_stride * static_cast<int64_t>(sizeof(T));
  args.vectors = params.elements * static_cast<int64_t>(sizeof(T)) / kBytes;
  args.outputs = static_cast<uint32_t>(walk.segment_begin.size() - 1);
  if (args.outputs == 0) return;
  const PixelGrid grid = pixel_grid(params);
  with_kernel_plan({params.plan, &walk, params.in, params.plan.batch, nullptr}, stream, [&](const auto& kernel_plan) {
    const auto kernel = mix_backward_kernel<T, kBytes, std::decay_t<decltype(kernel_plan)>>;
    FM_LAUNCH("mix_backward", kernel, sum_grid(args), dim3(kLanes, kSumWarps), 0, stream, kernel_plan, args, grid);
  });
}

template <typename T>
void dispatch_width(const MixParams& params, CudaStream stream) {
  if (alignment_bits(params) % 16 == 0) return launch_backward<T, 16>(params, stream);
  launch_backward<T, static_cast<int>(sizeof(T))>(params, stream);
}

}  // namespace

void mix_backward_cuda(const MixParams& params, CudaStream stream) {
  if (params.elements == 0) return;
  if (has_any_mask(params.plan)) return mix_backward_masked_cuda(params, stream);
  check(params.dtype != DType::kU8,
        "mix_backward: expected a floating-point gradient, got uint8; convert it to float32");
  with_float_type(params.dtype, [&](auto zero) { dispatch_width<decltype(zero)>(params, stream); });
}

}  // namespace fastmix
