// normalize_mix for plans with masks. Works as normalize_mix.cu does, but with a weight per pixel.
#include <type_traits>

#include "cuda/kernel_plan_launch.h"
#include "cuda/pixels.h"
#include "cuda/segment_walk.h"
#include "mix/mask_levels.h"
#include "mix/mix.h"
#include "normalize_mix/normalize_launch.h"
#include "normalize_mix/normalize_mix.h"
#include "normalize_mix/normalize_pixels.h"

namespace fastmix {

namespace {

// Masks apply to the mirrored images, as boxes do.
struct MaskedNormalizeArgs {
  NormalizeArgs images;
  PixelGrid grid;
  MaskGrid masks;
};

template <typename T, int kChannels, bool kPlanar, typename Plan>
__global__ void __launch_bounds__(kLanes* kMaxWideWarps, Plan::kInline ? 2 : 1)
    normalize_masked_kernel(const __grid_constant__ Plan plan, const __grid_constant__ MaskedNormalizeArgs args) {
  constexpr int kPixels = kChannels == 0 ? 1 : kPixelsOfLane;
  using Pixels = PixelRun<kChannels>;
  // Shared memory holds three arrays. `places` has one Place per thread. It lies here to save registers. `offsets` has
  // the offsets in a mask of each lane's pixels, which all warps share. In the third array, walk_segments() keeps the
  // first vector of each warp's segment.
  FM_SHARED(Place, places);
  Place& place = places[threadIdx.y * kLanes + threadIdx.x];
  int32_t* const offsets = reinterpret_cast<int32_t*>(places + blockDim.y * kLanes);
  const int64_t run = static_cast<int64_t>(blockIdx.x) * kLanes + threadIdx.x;
  place = place_of<kPixels>(args.images.runs_of_row, run);
  fill_offsets<kPixels>(offsets, args.grid, args.masks, run);
  const int32_t channels = kChannels == 0 ? args.images.channels : kChannels;
  const NormalizeOut<T, kChannels, kPlanar, 1> out{args.images.out, run * kPixels, args.images.pixels, channels,
                                                   args.images.planar};

  walk_segments<Pixels::kWords, kLessInFlight<kChannels>>(
      plan, reinterpret_cast<uint32_t*>(offsets + kPixels * kLanes), run < args.images.runs,
      [&](uint32_t entry) {
        const auto* in = static_cast<const unsigned char*>(plan.pointer(sample_of(entry)));
        int64_t pixel = run * kPixels;
        // In a mirrored sample, the lane reads the mirror image of its run. It begins at this pixel of the same row.
        if ((entry & kMirrorFlag) != 0) pixel += args.images.width - kPixels - 2 * place.x;
        return Pixels::load(in + pixel * channels, channels);
      },
      [](uint32_t entry, Words<Pixels::kWords>& pixels) {
        if ((entry & kMirrorFlag) != 0) Pixels::reverse(pixels);
      },
      [&](uint32_t entry, const Words<Pixels::kWords>& own, const Words<Pixels::kWords>& partner) {
        if ((entry & kWriteFlag) == 0) return;
        const uint32_t sample = sample_of(entry);
        LevelWeights<kWordsOf<kPixels>> weight{plan.weights(sample), {}};
        const int32_t mask = plan.mask(sample);
        if (mask >= 0) {
          weight.levels = load_levels<kPixels>(args.masks, offsets + threadIdx.x, mask);
        } else if (plan.has_box()) {
          weight.levels = box_levels<kPixels>(pixels_inside<kPixels>(place.y, place.x, plan.box(sample)));
        }
        out.store(sample, own, partner, weight, args.images.scale, args.images.bias, args.images.byte_bias);
      });
}

struct LaunchMasked {
  template <typename T, int kChannels, bool kPlanar>
  static void run(const NormalizeMixParams& params, CudaStream stream) {
    constexpr int kPixels = kChannels == 0 ? 1 : kPixelsOfLane;
    MaskedNormalizeArgs args{};
    args.images = normalize_args<kChannels>(params);
    args.grid = {Divisor(1), Divisor(static_cast<int32_t>(params.width)), Divisor(static_cast<int32_t>(params.height))};
    args.masks = mask_grid(params.plan.mask, args.grid, 1, kPixels);
    const int64_t tiles = (args.images.runs + kLanes - 1) / kLanes;
    with_normalize_walk(params, tiles, stream, [&](const auto& kernel_plan, uint32_t rows, uint32_t warps) {
      const size_t shared = normalize_shared_bytes<kChannels>(warps) + sizeof(int32_t) * kPixels * kLanes;
      const auto kernel = normalize_masked_kernel<T, kChannels, kPlanar, std::decay_t<decltype(kernel_plan)>>;
      FM_LAUNCH("normalize_mix", kernel, grid_of(tiles, rows), dim3(kLanes, warps), shared, stream, kernel_plan, args);
    });
  }
};

}  // namespace

void normalize_mix_masked_cuda(const NormalizeMixParams& params, CudaStream stream) {
  dispatch_normalize<LaunchMasked>(params, stream);
}

}  // namespace fastmix
