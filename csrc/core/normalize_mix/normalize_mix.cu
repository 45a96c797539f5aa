// Turns uint8 HWC pixels into a normalised batch in one pass. Writes every output element once, and reads every input
// byte once if the partners are a permutation.
#include <type_traits>

#include "cuda/kernel_plan_launch.h"
#include "cuda/pixels.h"
#include "cuda/segment_walk.h"
#include "mix/mix.h"
#include "normalize_mix/normalize_launch.h"
#include "normalize_mix/normalize_mix.h"
#include "normalize_mix/normalize_pixels.h"

namespace fastmix {

namespace {

// A lane owns kPixels neighbouring pixels of an output row. If kChannels is 0, pixels have args.channels channels, and
// a lane owns one pixel.
template <typename T, int kChannels, bool kPlanar, typename Plan>
__global__ void __launch_bounds__(kLanes* kMaxWideWarps, 2)
    normalize_kernel(const __grid_constant__ Plan plan, const __grid_constant__ NormalizeArgs args) {
  constexpr int kPixels = kChannels == 0 ? 1 : kPixelsOfLane;
  using Pixels = PixelRun<kChannels>;
  constexpr int kTogether = kVectorsTogether<T, kChannels, kPlanar>;
  using Out = NormalizeOut<T, kChannels, kPlanar, kTogether>;
  // Shared memory holds three arrays. `places` has one Place per lane, which all warps share. It lies here to save
  // registers. In `heads`, walk_segments() keeps the first vector of each warp's segment. The third array holds the
  // vectors that lanes exchange before they write.
  FM_SHARED(uint4, shared);
  auto* const places = reinterpret_cast<Place*>(shared);
  auto* const heads = reinterpret_cast<uint32_t*>(places + kLanes);
  const int64_t run = static_cast<int64_t>(blockIdx.x) * kLanes + threadIdx.x;
  if (threadIdx.y == 0) places[threadIdx.x] = place_of<kPixels>(args.runs_of_row, run);
  __syncthreads();
  const Place& place = places[threadIdx.x];
  const int32_t channels = kChannels == 0 ? args.channels : kChannels;
  // A function instead of a variable: computing the index on each use saves two registers.
  const auto first_pixel = [&] { return static_cast<int64_t>(place.y) * args.width + place.x; };

  walk_segments<Pixels::kWords, kLessInFlight<kChannels>>(
      plan, heads, run < args.runs,
      [&](uint32_t entry) {
        const auto* in = static_cast<const unsigned char*>(plan.pointer(sample_of(entry)));
        int64_t pixel = first_pixel();
        // In a mirrored sample, the lane reads the mirror image of its run. It begins at this pixel of the same row.
        if ((entry & kMirrorFlag) != 0) pixel += args.width - kPixels - 2 * place.x;
        return Pixels::load(in + pixel * channels, channels);
      },
      [](uint32_t entry, Words<Pixels::kWords>& pixels) {
        if ((entry & kMirrorFlag) != 0) Pixels::reverse(pixels);
      },
      [&](uint32_t entry, const Words<Pixels::kWords>& own, const Words<Pixels::kWords>& partner) {
        if ((entry & kWriteFlag) == 0) return;
        const uint32_t sample = sample_of(entry);
        // If the plan is in device memory, loads the weights late, because they occupy registers until they are used.
        Weights weights;
        if constexpr (Plan::kInline) weights = plan.weights(sample);
        uint32_t inside = 0;
        if (plan.has_box()) inside = pixels_inside<kPixels>(place.y, place.x, plan.box(sample));
        if constexpr (!Plan::kInline) weights = plan.weights(sample);
        const Out out{args.out, first_pixel(), args.pixels, channels, args.planar};
        constexpr uint32_t kAll = (1u << kPixels) - 1u;
        if constexpr (kTogether > 1) {
          // The lanes of a warp write together, though one may have a single weight and another a weight per pixel.
          const auto weigh = [&](const auto& use) {
            if (inside == 0 || inside == kAll) {
              use(OneWeight{inside == 0 ? weights.outside : weights.inside});
            } else {
              use(BoxWeights{weights, inside});
            }
          };
          out.store_together(sample, own, partner, weigh, args.scale, args.bias, args.byte_bias,
                             sectors_of<kTogether>(heads, Pixels::kWords, args.runs));
        } else if (kPixels == 1 || inside == 0 || inside == kAll) {
          const float weight = inside == 0 ? weights.outside : weights.inside;
          out.store(sample, own, partner, OneWeight{weight}, args.scale, args.bias, args.byte_bias);
        } else {
          out.store(sample, own, partner, BoxWeights{weights, inside}, args.scale, args.bias, args.byte_bias);
        }
      });
}

struct LaunchNormalize {
  template <typename T, int kChannels, bool kPlanar>
  static void run(const NormalizeMixParams& params, CudaStream stream) {
    const NormalizeArgs args = normalize_args<kChannels>(params);
    const int64_t tiles = (args.runs + kLanes - 1) / kLanes;
    with_normalize_walk(params, tiles, stream, [&](const auto& kernel_plan, uint32_t rows, uint32_t warps) {
      constexpr uint32_t kVectors = WholeSectors<kVectorsTogether<T, kChannels, kPlanar>>::kVectorsOfWarp;
      const size_t shared =
          sizeof(Place) * kLanes + heads_bytes(warps, PixelRun<kChannels>::kWords) + sizeof(uint4) * kVectors * warps;
      const auto kernel = normalize_kernel<T, kChannels, kPlanar, std::decay_t<decltype(kernel_plan)>>;
      FM_LAUNCH("normalize_mix", kernel, grid_of(tiles, rows), dim3(kLanes, warps), shared, stream, kernel_plan, args);
    });
  }
};

}  // namespace

void normalize_mix_cuda(const NormalizeMixParams& params, CudaStream stream) {
  if (params.plan.batch == 0 || params.height == 0 || params.width == 0) return;
  constexpr int64_t kMost = 1 << 30;
  check(params.height <= kMost && params.width <= kMost, "normalize_mix: expected height and width of at most ", kMost,
        ", got height ", params.height, " and width ", params.width, "; normalise this batch on the CPU");
  if (has_any_mask(params.plan)) return normalize_mix_masked_cuda(params, stream);
  dispatch_normalize<LaunchNormalize>(params, stream);
}

}  // namespace fastmix
