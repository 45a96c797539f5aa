// Mixes a batch in place or into a new batch. One pass is enough for any permutation of partners.
#include <type_traits>

#include "base/with_type.h"
#include "cuda/kernel_plan_launch.h"
#include "cuda/pixels.h"
#include "cuda/segment_walk.h"
#include "cuda/vector_io.h"
#include "formula/mix_math.h"
#include "mix/mix.h"
#include "mix/mix_launch.h"
#include "mix/mix_vectors.h"

namespace fastmix {

namespace {

struct MixArgs {
  unsigned char* out;
  int64_t out_stride;    // bytes from one sample to the next
  int64_t vectors;       // vectors per sample
  unsigned char* clean;  // null, or the memory for unmixed copies of the samples
  PixelGrid grid;
  uint32_t byte_bias = kByteBias;
};

template <typename T, int kBytes, typename Plan>
__global__ void __launch_bounds__(kLanes*(Plan::kInline ? kMixWarps : kMaxWarps), Plan::kInline&& kSmallBlocks ? 5 : 1)
    mix_kernel(const __grid_constant__ Plan plan, const __grid_constant__ MixArgs args) {
  constexpr int kWords = kWordsOf<kBytes>;
  constexpr int kCount = kBytes / static_cast<int>(sizeof(T));
  using Vector = Words<kWords>;
  // Shared memory holds two arrays. `spans` has one Span per lane, which all warps share, because they mix the same
  // vector positions of different samples. After it lies `heads`, where walk_segments() keeps the first vector of each
  // warp's segment.
  FM_SHARED(Span, spans);
  const int64_t vector = static_cast<int64_t>(blockIdx.x) * kLanes + threadIdx.x;
  const int64_t offset = vector * kBytes;
  unsigned char* const out = args.out + offset;
  const bool has_box = plan.has_box();
  if (has_box && threadIdx.y == 0) spans[threadIdx.x] = span_of(args.grid, vector * kCount, kCount);

  walk_segments<kWords>(
      plan, reinterpret_cast<uint32_t*>(spans + kLanes), vector < args.vectors,
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
          const Weights weights = plan.weights(sample);
          constexpr uint32_t kAll = kAllElements<kCount>;
          uint32_t inside = 0;
          if (has_box) inside = elements_inside<kCount>(args.grid, spans[threadIdx.x], plan.box(sample));
          mixed =
              mix_vector<T, kBytes>(own, partner, inside == kAll ? weights.inside : weights.outside, args.byte_bias);
          if (inside != 0 && inside != kAll)
            mix_inside<T, kBytes>(mixed, own, partner, weights.inside, inside, args.byte_bias);
        }
        store_global<kBytes>(out + sample * args.out_stride, mixed);
      });
}

template <typename T, int kBytes>
void launch_mix(const MixParams& params, CudaStream stream) {
  MixArgs args{};
  args.out = static_cast<unsigned char*>(params.out);
  args.out_stride = params.out_stride * static_cast<int64_t>(sizeof(T));
  args.vectors = params.elements * static_cast<int64_t>(sizeof(T)) / kBytes;
  args.clean = static_cast<unsigned char*>(params.clean);
  args.grid = pixel_grid(params);
  const int64_t tiles = (args.vectors + kLanes - 1) / kLanes;
  const Writes writes = params.in_place ? Writes::kBlended : Writes::kAll;
  with_walk(params.plan, read_pointers(params), nullptr, writes, tiles, kMixWarps, stream,
            [&](const auto& kernel_plan, uint32_t rows, uint32_t warps) {
              const size_t shared = sizeof(Span) * kLanes + heads_bytes(warps, kWordsOf<kBytes>);
              const auto kernel = mix_kernel<T, kBytes, std::decay_t<decltype(kernel_plan)>>;
              FM_LAUNCH("mix", kernel, grid_of(tiles, rows), dim3(kLanes, warps), shared, stream, kernel_plan, args);
            });
}

template <typename T>
void dispatch_width(const MixParams& params, CudaStream stream) {
  const uint64_t alignment = alignment_bits(params);
  if (alignment % 16 == 0) return launch_mix<T, 16>(params, stream);
  if constexpr (sizeof(T) < 4) {
    if (alignment % 4 == 0) return launch_mix<T, 4>(params, stream);
  }
  launch_mix<T, sizeof(T)>(params, stream);
}

}  // namespace

void mix_cuda(const MixParams& params, CudaStream stream) {
  if (params.plan.batch == 0 || params.elements == 0) return;
  if (has_any_mask(params.plan)) return mix_masked_cuda(params, stream);
  with_element_type(params.dtype, [&](auto zero) { dispatch_width<decltype(zero)>(params, stream); });
}

}  // namespace fastmix
