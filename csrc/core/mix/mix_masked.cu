// Mixes by plans with masks. Works as mix.cu does, but with a weight per element. Some samples of such a plan may have
// a box or a single weight instead of a mask.
#include <type_traits>

#include "base/with_type.h"
#include "cuda/kernel_plan_launch.h"
#include "cuda/segment_walk.h"
#include "cuda/vector_io.h"
#include "formula/mix_math.h"
#include "mix/mask_levels.h"
#include "mix/mix.h"
#include "mix/mix_launch.h"
#include "mix/mix_vectors.h"

namespace fastmix {

namespace {

struct MaskedArgs {
  unsigned char* out;
  int64_t out_stride;    // bytes from one sample to the next
  int64_t vectors;       // vectors per sample
  unsigned char* clean;  // null, or the memory for unmixed copies of the samples
  PixelGrid grid;
  MaskGrid masks;
};

// Mixes a vector whose elements have different weights, given as mask levels. Goes word by word, so that registers hold
// only a few converted elements.
template <typename T, int kBytes>
__device__ __forceinline__ Words<kWordsOf<kBytes>> mix_by_level(
    Words<kWordsOf<kBytes>> own, Words<kWordsOf<kBytes>> partner,
    Words<kWordsOf<kBytes / static_cast<int>(sizeof(T))>> levels, const Weights& weights) {
  constexpr int kStep = kWordsOfStep<T>;
  constexpr int kEach = kElementsOfStep<T, kBytes>;
  Words<kWordsOf<kBytes>> result = {};
#pragma unroll
  for (int w = 0; w < kWordsOf<kBytes>; w += kStep) {
#pragma unroll
    for (int s = 0; s < kStep; ++s) {
      hide_origin(own.word[w + s]);
      hide_origin(partner.word[w + s]);
    }
    Words<kStep> mixed = {};
#pragma unroll
    for (int j = 0; j < kEach; ++j) {
      const int from = w / kStep * kEach + j;
      if (j == 0) hide_origin(levels.word[from / 4]);
      const float weight = mask_weight(element<uint8_t>(levels, from), weights.inside, weights.outside);
      const T a = element<T>(own, from);
      const T b = element<T>(partner, from);
      if constexpr (sizeof(T) == 1) {
        const float both = mix_biased(biased(a), biased(b), weight);
        put_element(mixed, j, weight == 1.0f ? a : weight == 0.0f ? b : static_cast<T>(bit_cast<uint32_t>(both)));
      } else {
        put_element(mixed, j, mix_one(a, b, weight));
      }
    }
#pragma unroll
    for (int s = 0; s < kStep; ++s) {
      result.word[w + s] = mixed.word[s];
      hide_origin(result.word[w + s]);
    }
  }
  return result;
}

template <typename T, int kBytes, typename Plan>
__global__ void __launch_bounds__(kLanes* kMaxWarps, 1)
    mix_masked_kernel(const __grid_constant__ Plan plan, const __grid_constant__ MaskedArgs args) {
  constexpr int kWords = kWordsOf<kBytes>;
  constexpr int kCount = kBytes / static_cast<int>(sizeof(T));
  using Vector = Words<kWords>;
  // Shared memory holds three arrays. `spans` has one Span per lane. `offsets` has the mask offsets of each lane's
  // elements. All warps share both, because they mix the same vector positions of different samples. The last array is
  // `heads`, where walk_segments() keeps the first vector of each warp's segment.
  FM_SHARED(Span, spans);
  int32_t* const offsets = reinterpret_cast<int32_t*>(spans + kLanes);
  const int64_t vector = static_cast<int64_t>(blockIdx.x) * kLanes + threadIdx.x;
  const int64_t offset = vector * kBytes;
  unsigned char* const out = args.out + offset;
  if (plan.has_box() && threadIdx.y == 0) spans[threadIdx.x] = span_of(args.grid, vector * kCount, kCount);
  fill_offsets<kCount>(offsets, args.grid, args.masks, vector);

  walk_segments<kWords>(
      plan, reinterpret_cast<uint32_t*>(offsets + kCount * kLanes), vector < args.vectors,
      [&](uint32_t entry) {
        return load_global<kBytes>(static_cast<const unsigned char*>(plan.pointer(sample_of(entry))) + offset);
      },
      [](uint32_t, Vector&) {},
      [&](uint32_t entry, const Vector& own, const Vector& partner) {
        if ((entry & kWriteFlag) == 0) return;
        const uint32_t sample = sample_of(entry);
        if (args.clean != nullptr) store_global<kBytes>(args.clean + offset + sample * args.out_stride, own);
        Vector mixed = own;
        if ((entry & kBlendFlag) != 0) {
          const auto levels =
              sample_levels<kCount>(plan, args.grid, spans[threadIdx.x], args.masks, offsets + threadIdx.x, sample);
          mixed = mix_by_level<T, kBytes>(own, partner, levels, plan.weights(sample));
        }
        store_global<kBytes>(out + sample * args.out_stride, mixed);
      });
}

template <typename T, int kBytes>
void launch_masked(const MixParams& params, CudaStream stream) {
  constexpr int kCount = kBytes / static_cast<int>(sizeof(T));
  check_mask_sizes(params);
  MaskedArgs args{};
  args.out = static_cast<unsigned char*>(params.out);
  args.out_stride = params.out_stride * static_cast<int64_t>(sizeof(T));
  args.vectors = params.elements * static_cast<int64_t>(sizeof(T)) / kBytes;
  args.clean = static_cast<unsigned char*>(params.clean);
  args.grid = pixel_grid(params);
  args.masks = mask_grid(params.plan.mask, args.grid, params.depth, kCount);

  const int64_t tiles = (args.vectors + kLanes - 1) / kLanes;
  const Writes writes = params.in_place ? Writes::kBlended : Writes::kAll;
  with_walk(params.plan, read_pointers(params), nullptr, writes, tiles, kMaxWarps, stream,
            [&](const auto& kernel_plan, uint32_t rows, uint32_t warps) {
              const size_t shared =
                  (sizeof(Span) + sizeof(int32_t) * kCount) * kLanes + heads_bytes(warps, kWordsOf<kBytes>);
              const auto kernel = mix_masked_kernel<T, kBytes, std::decay_t<decltype(kernel_plan)>>;
              FM_LAUNCH("mix", kernel, grid_of(tiles, rows), dim3(kLanes, warps), shared, stream, kernel_plan, args);
            });
}

template <typename T>
void dispatch_width(const MixParams& params, CudaStream stream) {
  if (alignment_bits(params) % 16 == 0) return launch_masked<T, 16>(params, stream);
  launch_masked<T, static_cast<int>(sizeof(T))>(params, stream);
}

}  // namespace

void mix_masked_cuda(const MixParams& params, CudaStream stream) {
  with_element_type(params.dtype, [&](auto zero) { dispatch_width<decltype(zero)>(params, stream); });
}

}  // namespace fastmix
