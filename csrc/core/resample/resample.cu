// Resamples a batch to uint8 in one launch, with the same bits as Pillow. Each block computes one tile of one image.
#include <vector>

#include "base/dtype.h"
#include "cuda/kernel_bytes.h"
#include "resample/fixed_tile.h"
#include "resample/resample.h"

namespace fastmix {

namespace {

struct FixedArgs {
  unsigned char* out;
  int32_t height, width, tiles_across, batch;
};

// Writes a warp's row of the tile. The row's bytes go through shared memory, so that each lane stores whole words.
template <int kChannels>
__device__ __forceinline__ void store_row(uint32_t* words, unsigned char* out, int32_t pixels, const int32_t* levels) {
  const auto lane = static_cast<int32_t>(threadIdx.x) % 32;
  const auto start = static_cast<int32_t>(misalignment(out)), end = start + pixels * kChannels;
  auto* const bytes = reinterpret_cast<uint8_t*>(words) + start + lane * kChannels;
#pragma unroll
  for (int c = 0; c < kChannels; ++c) bytes[c] = static_cast<uint8_t>(levels[c]);
  __syncwarp(0xffffffffu);
#pragma unroll 1
  for (int32_t k = lane; 4 * k < end; k += 32) {
    unsigned char* const to = out - start + 4 * k;
    if (4 * k >= start && 4 * k + 4 <= end) {
      store_global<4>(to, {{words[k]}});
    } else {
#pragma unroll 1
      for (int32_t j = 0; j < 4; ++j) {
        if (4 * k + j >= start && 4 * k + j < end) store_global<1>(to + j, {{words[k] >> (8 * j) & 255u}});
      }
    }
  }
}

template <int kChannels, typename Bytes>
__global__ void __launch_bounds__(kFixedTileThreads, 3)
    resample_kernel(const __grid_constant__ Bytes sources, const __grid_constant__ FixedArgs args) {
  constexpr int kRowWords = kFixedTileColumns * kChannels / 4 + 1;
  static_assert(kFixedTileRows * kRowWords <= kTileLines * kStagePixels);
  FM_SHARED(uint4, memory);
  FixedTileShared& shared = *reinterpret_cast<FixedTileShared*>(memory);
  const int32_t y = static_cast<int32_t>(blockIdx.x) / args.tiles_across * kFixedTileRows;
  const int32_t x = static_cast<int32_t>(blockIdx.x) % args.tiles_across * kFixedTileColumns;
#pragma unroll 1
  for (auto i = static_cast<int32_t>(blockIdx.y); i < args.batch; i += static_cast<int32_t>(gridDim.y)) {
    int32_t levels[kFixedRowsPerThread * kChannels];
    const FixedSource& sample = reinterpret_cast<const FixedSource*>(sources.get())[i];
    FixedTile<kChannels>(shared, sample).run(args.height, args.width, y, x, levels);
#pragma unroll
    for (int j = 0; j < kFixedRowsPerThread; ++j) {
      const int row = static_cast<int>(threadIdx.x) / 32 + j * kFixedWarps;
      if (y + row >= args.height) continue;
      const int64_t pixel = (static_cast<int64_t>(i) * args.height + y + row) * args.width + x;
      store_row<kChannels>(shared.stage + row * kRowWords, args.out + pixel * kChannels,
                           lesser(kFixedTileColumns, args.width - x), levels + j * kChannels);
    }
  }
}

template <int kChannels>
void launch_resample(const ResampleParams& params, const KernelBytes& bytes, CudaStream stream) {
  const int64_t down = (params.height + kFixedTileRows - 1) / kFixedTileRows;
  const int64_t across = (params.width + kFixedTileColumns - 1) / kFixedTileColumns;
  const FixedArgs args = {params.out, params.height, params.width, static_cast<int32_t>(across), params.batch};
  const dim3 grid = grid_of(down * across, static_cast<uint32_t>(params.batch)), block(kFixedTileThreads);
  with_kernel_bytes<FixedArgs>(bytes, stream, [&](const auto& taken) {
    const auto kernel = resample_kernel<kChannels, std::decay_t<decltype(taken)>>;
    FM_LAUNCH("resample", kernel, grid, block, sizeof(FixedTileShared), stream, taken, args);
  });
}

}  // namespace

void resample_cuda(const ResampleParams& params, CudaStream stream) {
  if (params.batch == 0) return;
  std::vector<FixedSource> sources(params.batch);
  for (int32_t i = 0; i < params.batch; ++i) {
    const SourceArrays& from = params.sources;
    const Source source = source_of(from.images[i], from.windows[i], from.sampling[i], params.channels);
    sources[i] = {source, params.mirror != nullptr && params.mirror[i],
                  is_vertical_first(source, params.height, params.width)};
  }
  KernelBytes bytes;
  bytes.append(sources);
  switch (params.channels) {
    case 1:
      return launch_resample<1>(params, bytes, stream);
    case 2:
      return launch_resample<2>(params, bytes, stream);
    case 3:
      return launch_resample<3>(params, bytes, stream);
    default:
      return launch_resample<4>(params, bytes, stream);
  }
}

}  // namespace fastmix
