// The gradient of mix for plans with masks, in which every element may have a different weight. mix_backward.cu gives
// the formula.
#include <type_traits>

#include "base/with_type.h"
#include "cuda/vector_io.h"
#include "formula/mix_math.h"
#include "mix/mask_levels.h"
#include "mix/mix.h"
#include "mix/mix_launch.h"
#include "mix/mix_vectors.h"
#include "mix/share_weight.h"
#include "mix/sum_segments.h"

namespace fastmix {

namespace {

template <int kCount>
struct MaskShare : ShareWeight {
  Weights weights;
  Words<kWordsOf<kCount>> levels;  // byte j is the mask level of element j
  __device__ __forceinline__ bool uniform() const {
    constexpr uint32_t kAll = kCount < 4 ? (1u << 8 * (kCount % 4)) - 1u : ~0u;
    bool none = true, all = true;
#pragma unroll
    for (int w = 0; w < kWordsOf<kCount>; ++w) {
      none = none && levels.word[w] == 0;
      all = all && levels.word[w] == kAll;
    }
    return none || all;
  }
  __device__ __forceinline__ float at(int j) const {
    const auto level = static_cast<uint8_t>(word_at(levels, j / 4) >> (8 * (j % 4)));
    return mask_weight(level, weights.inside, weights.outside);
  }
};

// Segment i of `plan` lists the terms of the gradient of image i (gather_gpu_walk() in plan/gpu_walk.h).
template <typename T, int kBytes, typename Plan>
__global__ void __launch_bounds__(kLanes* kSumWarps, 4)
    mix_backward_masked_kernel(const __grid_constant__ Plan plan, const __grid_constant__ SumArgs args,
                               const __grid_constant__ PixelGrid grid, const __grid_constant__ MaskGrid masks) {
  constexpr int kCount = kBytes / static_cast<int>(sizeof(T));
  FM_SHARED(int32_t, offsets);
  const int64_t vector = static_cast<int64_t>(blockIdx.x) * kLanes + threadIdx.x;
  fill_offsets<kCount>(offsets, grid, masks, vector);
  __syncthreads();
  if (vector >= args.vectors) return;
  Span span = {};
  if (plan.has_box()) span = span_of(grid, vector * kCount, kCount);
  sum_segments<T, kBytes>(
      plan, args, vector,
      [&](uint32_t, uint32_t entry) {
        const auto levels = sample_levels<kCount>(plan, grid, span, masks, offsets + threadIdx.x, sample_of(entry));
        return MaskShare<kCount>{{(entry & kPartnerFlag) != 0}, share_weights(plan, entry), levels};
      },
      [](uint32_t) { return false; });
}

template <typename T, int kBytes>
void launch_backward(const MixParams& params, CudaStream stream) {
  constexpr int kCount = kBytes / static_cast<int>(sizeof(T));
  check_mask_sizes(params);
  const GpuWalk walk = gather_gpu_walk(params.plan, params.gradient_of_others);
  SumArgs args{};
  args.out = static_cast<unsigned char*>(params.out);
  args.out_stride = params.out_stride * static_cast<int64_t>(sizeof(T));
  args.vectors = params.elements * static_cast<int64_t>(sizeof(T)) / kBytes;
  args.outputs = static_cast<uint32_t>(walk.segment_begin.size() - 1);
  if (args.outputs == 0) return;
  const PixelGrid grid = pixel_grid(params);
  const MaskGrid masks = mask_grid(params.plan.mask, grid, params.depth, kCount);
  const size_t shared = sizeof(int32_t) * kCount * kLanes;
  with_kernel_plan({params.plan, &walk, params.in, params.plan.batch, nullptr}, stream, [&](const auto& kernel_plan) {
    const auto kernel = mix_backward_masked_kernel<T, kBytes, std::decay_t<decltype(kernel_plan)>>;
    FM_LAUNCH("mix_backward", kernel, sum_grid(args), dim3(kLanes, kSumWarps), shared, stream, kernel_plan, args, grid,
              masks);
  });
}

template <typename T>
void dispatch_width(const MixParams& params, CudaStream stream) {
  if (alignment_bits(params) % 16 == 0) return launch_backward<T, 16>(params, stream);
  launch_backward<T, static_cast<int>(sizeof(T))>(params, stream);
}

}  // namespace

void mix_backward_masked_cuda(const MixParams& params, CudaStream stream) {
  check(params.dtype != DType::kU8,
        "mix_backward: expected a floating-point gradient, got uint8; convert it to float32");
  with_float_type(params.dtype, [&](auto zero) { dispatch_width<decltype(zero)>(params, stream); });
}

}  // namespace fastmix
