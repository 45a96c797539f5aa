// Resamples a batch to uint8 with Pillow's bits, in one launch. A block makes one tile of one image.
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

template <int kChannels, typename Bytes>
__global__ void __launch_bounds__(kFixedTileThreads, 3)
    resample_kernel(const __grid_constant__ Bytes sources, const __grid_constant__ FixedArgs args) {
  FM_SHARED(uint4, memory);
  FixedTileShared& shared = *reinterpret_cast<FixedTileShared*>(memory);
  const int32_t y = static_cast<int32_t>(blockIdx.x) / args.tiles_across * kFixedTileRows;
  const int32_t x = static_cast<int32_t>(blockIdx.x) % args.tiles_across * kFixedTileColumns;
  const int32_t column = x + static_cast<int32_t>(threadIdx.x) % kFixedTileColumns;
#pragma unroll 1
  for (auto i = static_cast<int32_t>(blockIdx.y); i < args.batch; i += static_cast<int32_t>(gridDim.y)) {
    int32_t levels[kFixedRowsPerThread * kChannels];
    const FixedSource& sample = reinterpret_cast<const FixedSource*>(sources.get())[i];
    FixedTile<kChannels>(shared, sample).run(args.height, args.width, y, x, levels);
#pragma unroll
    for (int j = 0; j < kFixedRowsPerThread; ++j) {
      const int32_t row =
          y + static_cast<int32_t>(threadIdx.x) / kFixedTileColumns + j * (kFixedTileThreads / kFixedTileColumns);
      if (row >= args.height || column >= args.width) continue;
      const int64_t pixel = (static_cast<int64_t>(i) * args.height + row) * args.width + column;
#pragma unroll
      for (int c = 0; c < kChannels; ++c)
        store_global<1>(args.out + pixel * kChannels + c, {{static_cast<uint32_t>(levels[j * kChannels + c])}});
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
