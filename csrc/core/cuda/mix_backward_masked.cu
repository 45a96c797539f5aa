// The gradient of mix for plans with masks: as mix_backward.cu, with a weight for each element.
#include <type_traits>
#include <vector>

#include "../mix.h"
#include "../mix_math.h"
#include "mask_levels.h"
#include "masked.h"
#include "mix_vectors.h"
#include "plan_launch.h"
#include "vector_io.h"

namespace fastmix {

namespace {

constexpr int kBackwardWarps = 8;

struct BackwardArgs {
  unsigned char* out;
  int64_t out_stride;  // bytes
  int64_t vectors;
  uint32_t batch;
  PixelGrid grid;
  MaskGrid masks;
};

// Over a gather_schedule.
template <typename T, int kBytes, typename Plan>
__global__ void __launch_bounds__(kLanes* kBackwardWarps)
    mix_backward_masked_kernel(const __grid_constant__ Plan plan, const __grid_constant__ BackwardArgs args) {
  constexpr int kCount = kBytes / static_cast<int>(sizeof(T));
  FM_SHARED(int32_t, offsets);
  const int64_t vector = static_cast<int64_t>(blockIdx.x) * kLanes + threadIdx.x;
  fill_offsets<kCount>(offsets, args.grid, args.masks, vector);
  __syncthreads();
  if (vector >= args.vectors) return;
  Span span = {};
  if (plan.table.has_box) span = span_of(args.grid, vector * kCount, kCount);
  for (uint32_t i = blockIdx.y * kBackwardWarps + threadIdx.y; i < args.batch; i += gridDim.y * kBackwardWarps) {
    double sum[kCount] = {};
    const uint32_t begin = plan.segment_begin(i);
    const uint32_t end = plan.segment_begin(i + 1);
    for (uint32_t k = begin; k < end; ++k) {
      const uint32_t entry = plan.entry(k);
      const uint32_t sample = sample_of(entry);
      const auto* in = static_cast<const unsigned char*>(plan.pointer(sample));
      const auto gradient = load_global<kBytes>(in + vector * kBytes);
      const Weights weights = plan.weights(sample);
      const auto levels = sample_levels<kCount>(plan, args.grid, span, args.masks, offsets + threadIdx.x, sample);
#pragma unroll
      for (int j = 0; j < kCount; ++j) {
        double weight = mask_weight(element<uint8_t>(levels, j), weights.inside, weights.outside);
        if (k > begin) weight = 1.0 - weight;
        if ((entry & kBlendFlag) == 0) weight = 1.0;
        // Skipped, not multiplied by zero: an infinite gradient does not reach a sample that had no share.
        if (weight != 0.0) sum[j] += weight * widen(element<T>(gradient, j));
      }
    }
    Words<kWordsOf<kBytes>> result = {};
#pragma unroll
    for (int j = 0; j < kCount; ++j) put_element(result, j, narrow<T>(sum[j]));
    store_global<kBytes>(args.out + i * args.out_stride + vector * kBytes, result);
  }
}

template <typename T, int kBytes>
void launch_backward(const MixParams& params, CudaStream stream) {
  constexpr int kCount = kBytes / static_cast<int>(sizeof(T));
  check_mask_sizes(params);
  BackwardArgs args{};
  args.out = static_cast<unsigned char*>(params.out);
  args.out_stride = params.out_stride * static_cast<int64_t>(sizeof(T));
  args.vectors = params.elements * static_cast<int64_t>(sizeof(T)) / kBytes;
  args.batch = static_cast<uint32_t>(params.plan.batch);
  args.grid = pixel_grid(params);
  args.masks = mask_grid(params.plan.mask, args.grid, params.depth, kCount);
  const Schedule schedule = gather_schedule(params.plan);
  const uint32_t rows = (args.batch + kBackwardWarps - 1) / kBackwardWarps;
  const dim3 grid = grid_of((args.vectors + kLanes - 1) / kLanes, rows);
  const dim3 block(kLanes, kBackwardWarps);
  const size_t shared = sizeof(int32_t) * kCount * kLanes;
  with_device_plan({params.plan, &schedule, params.in}, stream, [&](const auto& device_plan) {
    const auto kernel = mix_backward_masked_kernel<T, kBytes, std::decay_t<decltype(device_plan)>>;
    FM_LAUNCH("mix_backward", kernel, grid, block, shared, stream, device_plan, args);
  });
}

template <typename T>
void dispatch_width(const MixParams& params, CudaStream stream) {
  if (alignment_bits(params) % 16 == 0) return launch_backward<T, 16>(params, stream);
  launch_backward<T, static_cast<int>(sizeof(T))>(params, stream);
}

}  // namespace

void mix_backward_masked_cuda(const MixParams& params, CudaStream stream) {
  switch (params.dtype) {
    case DType::kU8:
      throw Error("mix_backward: expected a floating-point dtype, got uint8");
    case DType::kF16:
      return dispatch_width<Half>(params, stream);
    case DType::kBF16:
      return dispatch_width<BFloat16>(params, stream);
    case DType::kF32:
      return dispatch_width<float>(params, stream);
    case DType::kF64:
      return dispatch_width<double>(params, stream);
  }
}

}  // namespace fastmix
