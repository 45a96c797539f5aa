// What the launches of normalize_mix with and without masks share.
#pragma once

#include <cstdint>
#include <vector>

#include "base/with_type.h"
#include "cuda/divisor.h"
#include "cuda/kernel_plan_launch.h"
#include "cuda/segment_walk.h"
#include "formula/mix_math.h"
#include "mix/mix.h"
#include "normalize_mix/normalize_mix.h"
#include "normalize_mix/normalize_pixels.h"

namespace fastmix {

// The kernel for plans with masks. It is separate, so that plans without masks run a kernel with fewer registers.
void normalize_mix_masked_cuda(const NormalizeMixParams& params, CudaStream stream);

// Column and row in the output of the first pixel of a lane's run. A run is a few neighbouring pixels of a row.
struct alignas(8) Place {
  int32_t x, y;
};

template <int kPixels>
__device__ __forceinline__ Place place_of(const Divisor& runs_of_row, int64_t run) {
  const auto row = static_cast<int64_t>(runs_of_row.quotient(run));
  return {static_cast<int32_t>(run - row * runs_of_row.value()) * kPixels, static_cast<int32_t>(row)};
}

struct NormalizeArgs {
  unsigned char* out;
  int64_t pixels;  // pixels per sample
  int64_t runs;    // runs per sample, each of kPixels pixels
  int32_t width;
  int32_t channels;
  bool planar;
  uint32_t byte_bias = kByteBias;
  float scale[kMaxChannels], bias[kMaxChannels];
  Divisor runs_of_row;
};

// By how much a lane reduces its number of loads in flight. RGB pixels need the most registers. Without the reduction
// they would spill.
template <int kChannels>
constexpr int kLessInFlight = kChannels == 3 ? 1 : 0;

template <int kChannels>
NormalizeArgs normalize_args(const NormalizeMixParams& params) {
  NormalizeArgs args{};
  args.out = static_cast<unsigned char*>(params.out);
  args.pixels = params.height * params.width;
  constexpr int kPixels = kChannels == 0 ? 1 : kPixelsOfLane;
  args.runs = args.pixels / kPixels;
  args.runs_of_row = Divisor(static_cast<int32_t>(params.width / kPixels));
  args.width = static_cast<int32_t>(params.width);
  args.channels = params.channels;
  args.planar = params.out_layout == Layout::kNCHW;
  for (int32_t c = 0; c < params.channels; ++c) {
    args.scale[c] = params.scale[c];
    args.bias[c] = params.bias[c];
  }
  return args;
}

// Unlike mix, normalize_mix applies its formula to every sample, on CPU and GPU. An unmixed sample comes out right: its
// partner is the sample itself, or has weight 0.
template <typename Launch>
void with_normalize_walk(const NormalizeMixParams& params, int64_t tiles, CudaStream stream, const Launch& launch) {
  const std::vector<const void*> samples(params.in, params.in + params.plan.batch);
  with_walk(params.plan, samples, params.mirror, Writes::kAll, tiles, kMaxWideWarps, stream, launch);
}

template <int kChannels>
size_t normalize_shared_bytes(uint32_t warps) {
  return sizeof(Place) * kLanes * warps + heads_bytes(warps, PixelRun<kChannels>::kWords);
}

// Returns the object through which lanes exchange vectors before they write. It uses the shared memory after `heads`,
// the array in which walk_segments() keeps the first vector of each warp's segment.
template <int kTogether>
__device__ __forceinline__ WholeSectors<kTogether> sectors_of(uint32_t* heads, int words, int64_t runs) {
  const int64_t left = runs - static_cast<int64_t>(blockIdx.x) * kLanes;
  return {reinterpret_cast<uint4*>(heads + blockDim.y * words * kLanes),
          left < kLanes ? static_cast<uint32_t>(left) : kLanes};
}

// Whether rows consist of whole runs of pixels, all aligned for vector loads and stores.
inline bool fits_runs(const NormalizeMixParams& params) {
  if (params.width % kPixelsOfLane != 0 || reinterpret_cast<uintptr_t>(params.out) % 16 != 0) return false;
  for (int32_t i = 0; i < params.plan.batch; ++i) {
    if (reinterpret_cast<uintptr_t>(params.in[i]) % kPixelsOfLane != 0) return false;
  }
  return true;
}

// Calls Launch::run<T, kChannels, kPlanar>(params, stream) for the number of channels and the layout.
template <typename Launch, typename T>
void dispatch_channels(const NormalizeMixParams& params, CudaStream stream) {
  const bool planar = params.out_layout == Layout::kNCHW;
  if (fits_runs(params)) {
    if (params.channels == 3 && planar) return Launch::template run<T, 3, true>(params, stream);
    if (params.channels == 3) return Launch::template run<T, 3, false>(params, stream);
    if (params.channels == 1) return Launch::template run<T, 1, true>(params, stream);
  }
  Launch::template run<T, 0, false>(params, stream);
}

template <typename Launch>
void dispatch_normalize(const NormalizeMixParams& params, CudaStream stream) {
  with_output_type(params.out_dtype, [&](auto zero) { dispatch_channels<Launch, decltype(zero)>(params, stream); });
}

}  // namespace fastmix
