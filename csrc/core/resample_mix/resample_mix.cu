// Turns decoded images of different sizes into a training batch, in one launch.
//
// A block makes one tile of the outputs of all samples in a run, and resamples each image once. Here a run is the whole
// cycle A B C, in which B is A's partner:
//
//   k   resample (via shared memory)   in registers            write
//   0   A                              head = A, own = A       -
//   1   B                              own = A, next = B       A = mix(A, B)
//   2   C                              own = B, next = C       B = mix(B, C)
//   3   -                              own = C, next = head    C = mix(C, A)
#include <algorithm>
#include <vector>

#include "cuda/kernel_bytes.h"
#include "cuda/kernel_plan_launch.h"
#include "cuda/pixels.h"
#include "cuda/vector_io.h"
#include "formula/mix_math.h"
#include "plan/cpu_walk.h"
#include "resample_mix/resample_mix.h"
#include "resample_mix/resample_tile.h"

namespace fastmix {

namespace {

// The samples that one block walks: entries [begin, end). Each sample's partner is the next one. A closed run is a
// whole cycle: the partner of its last sample is its first. The last sample of an open run is only a partner.
struct Run {
  uint32_t begin, end, closed;
};

// Longer cycles are cut into runs of this many samples, so that every SM gets blocks. Then one image in kRunSamples is
// resampled twice.
constexpr int32_t kRunSamples = 8;

struct ResampleArgs {
  unsigned char* out;
  int64_t plane;  // pixels per output image
  int32_t height, width, tiles_across;
  DType dtype;
  bool interleaved;
  uint32_t byte_bias;  // kByteBias; biased_byte() explains why it is an argument
  uint32_t runs;
  uint32_t run_offset, entry_offset;  // byte offsets of the runs and entries in the plan's bytes
  float scale[kMaxChannels], bias[kMaxChannels];
  const uint8_t* masks;
  int32_t mask_height, mask_width;
};

template <typename Bytes>
struct ResamplePlan {
  Bytes bytes;
  __device__ __forceinline__ const ResampleSample& sample(uint32_t i) const {
    return reinterpret_cast<const ResampleSample*>(bytes.get())[i];
  }
  __device__ __forceinline__ Run run(const ResampleArgs& args, uint32_t r) const {
    return reinterpret_cast<const Run*>(bytes.get() + args.run_offset)[r];
  }
  __device__ __forceinline__ uint32_t entry(const ResampleArgs& args, uint32_t k) const {
    return reinterpret_cast<const uint32_t*>(bytes.get() + args.entry_offset)[k];
  }
};

template <int kChannels>
__device__ __forceinline__ void write_pixel(const ResampleArgs& args, const ResampleSample& sample, uint32_t index,
                                            int32_t y, int32_t x, const float* own, const float* partner) {
  const float weight = weight_at(args, sample.weight, y, x);
  const int64_t pixel = static_cast<int64_t>(y) * args.width + x;
  const int64_t first = index * args.plane * kChannels + (args.interleaved ? pixel * kChannels : pixel);
#pragma unroll
  for (int c = 0; c < kChannels; ++c) {
    const float value = normalize_element(own[c], partner[c], weight, args.scale[c], args.bias[c]);
    const int64_t element = first + (args.interleaved ? c : c * args.plane);
    store_as(args.dtype, args.out, element, value);
  }
}

template <int kChannels, typename Plan>
__global__ void __launch_bounds__(kTileThreads, kChannels < 4 ? 3 : 2)
    resample_mix_kernel(const __grid_constant__ Plan plan, const __grid_constant__ ResampleArgs args) {
  constexpr int kValues = kRowsPerThread * kChannels;
  FM_SHARED(uint4, memory);
  TileShared& shared = *reinterpret_cast<TileShared*>(memory);
  const int32_t y = static_cast<int32_t>(blockIdx.x) / args.tiles_across * kTileRows;
  const int32_t x = static_cast<int32_t>(blockIdx.x) % args.tiles_across * kTileColumns;

#pragma unroll 1
  for (uint32_t r = blockIdx.y; r < args.runs; r += gridDim.y) {
    const Run run = plan.run(args, r);
    float head[kValues], own[kValues], next[kValues];
#pragma unroll 1
    for (uint32_t k = run.begin; k < run.end + run.closed; ++k) {
      if (k < run.end) {
        const ResampleSample& sample = plan.sample(plan.entry(args, k));
        TileResampler<kChannels>(shared, args.byte_bias).run(sample, args.height, args.width, y, x, next);
      } else {
#pragma unroll
        for (int j = 0; j < kValues; ++j) next[j] = head[j];
      }
      if (k > run.begin) {
        const uint32_t index = plan.entry(args, k - 1);
#pragma unroll
        for (int i = 0; i < kRowsPerThread; ++i) {
          const int32_t row = y + static_cast<int32_t>(threadIdx.y) + i * (kTileThreads / kTileColumns);
          const int32_t column = x + static_cast<int32_t>(threadIdx.x);
          if (row < args.height && column < args.width)
            write_pixel<kChannels>(args, plan.sample(index), index, row, column, own + i * kChannels,
                                   next + i * kChannels);
        }
      } else {
#pragma unroll
        for (int j = 0; j < kValues; ++j) head[j] = next[j];
      }
#pragma unroll
      for (int j = 0; j < kValues; ++j) own[j] = next[j];
    }
  }
}

struct Runs {
  std::vector<Run> runs;
  std::vector<uint32_t> entries;

  void add(const int32_t* samples, int32_t count, bool closed) {
    const uint32_t begin = static_cast<uint32_t>(entries.size());
    entries.insert(entries.end(), samples, samples + count);
    runs.push_back({begin, static_cast<uint32_t>(entries.size()), closed});
  }
};

Runs runs_of(const PlanView& plan) {
  const CpuWalk walk(plan);
  Runs runs;
  for (int32_t c = 0; c < walk.cycles.count(); ++c) {
    const int32_t* samples = walk.cycles.order.data() + walk.cycles.begin[c];
    const int32_t count = walk.cycles.begin[c + 1] - walk.cycles.begin[c];
    if (walk.cyclic && count > kRunSamples) {
      for (int32_t k = 0; k < count; k += kRunSamples) {
        std::vector<int32_t> piece(samples + k, samples + std::min(count, k + kRunSamples));
        piece.push_back(samples[(k + kRunSamples) < count ? k + kRunSamples : 0]);
        runs.add(piece.data(), static_cast<int32_t>(piece.size()), false);
      }
    } else if (walk.cyclic || plan.untouched(samples[0])) {
      runs.add(samples, count, true);
    } else {
      const int32_t pair[2] = {samples[0], plan.rows[samples[0]].partner};
      runs.add(pair, 2, false);
    }
  }
  return runs;
}

KernelBytes pack(const ResampleMixParams& params, const Runs& runs, ResampleArgs& args) {
  const PlanView& plan = params.plan;
  std::vector<ResampleSample> samples(plan.batch);
  for (int32_t i = 0; i < plan.batch; ++i) {
    const SourceArrays& from = params.sources;
    samples[i] = {source_of(from.images[i], from.windows[i], from.sampling[i], params.channels),
                  params.mirror != nullptr && params.mirror[i], pixel_weight(plan, i)};
  }
  KernelBytes bytes;
  bytes.append(samples);
  args.run_offset = bytes.append(runs.runs);
  args.entry_offset = bytes.append(runs.entries);
  args.runs = static_cast<uint32_t>(runs.runs.size());
  return bytes;
}

template <int kChannels>
void launch_resample(const ResampleMixParams& params, ResampleArgs args, CudaStream stream) {
  const KernelBytes bytes = pack(params, runs_of(params.plan), args);
  const int64_t down = (params.height + kTileRows - 1) / kTileRows;
  const dim3 grid = grid_of(down * args.tiles_across, args.runs);
  const dim3 block(kTileColumns, kTileThreads / kTileColumns);
  with_kernel_bytes<ResampleArgs>(bytes, stream, [&](const auto& taken) {
    using Plan = ResamplePlan<std::decay_t<decltype(taken)>>;
    const auto kernel = resample_mix_kernel<kChannels, Plan>;
    FM_LAUNCH("resample_mix", kernel, grid, block, sizeof(TileShared), stream, Plan{taken}, args);
  });
}

}  // namespace

void resample_mix_cuda(const ResampleMixParams& params, CudaStream stream) {
  if (params.plan.batch == 0) return;
  ResampleArgs args{};
  args.out = static_cast<unsigned char*>(params.out);
  args.plane = int64_t{params.height} * params.width;
  args.height = params.height;
  args.width = params.width;
  args.tiles_across = (params.width + kTileColumns - 1) / kTileColumns;
  args.dtype = params.out_dtype;
  args.interleaved = params.out_layout == Layout::kNHWC;
  args.byte_bias = kByteBias;
  args.masks = params.plan.mask.levels;
  args.mask_height = params.plan.mask.extent.height;
  args.mask_width = params.plan.mask.extent.width;
  std::copy(params.scale, params.scale + kMaxChannels, args.scale);
  std::copy(params.bias, params.bias + kMaxChannels, args.bias);
  switch (params.channels) {
    case 1:
      return launch_resample<1>(params, args, stream);
    case 2:
      return launch_resample<2>(params, args, stream);
    case 3:
      return launch_resample<3>(params, args, stream);
    default:
      return launch_resample<4>(params, args, stream);
  }
}

}  // namespace fastmix
