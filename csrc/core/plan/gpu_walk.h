// The walk of the CUDA kernels: which warp mixes which samples in which order. Kernels read each sample once, in place
// and out of place, for cycles of partners of any length. cuda/segment_walk.h has a picture of the order.
#pragma once

#include <cstdint>
#include <vector>

#include "base/host_device.h"
#include "plan/plan.h"

namespace fastmix {

// An entry of the walk is a sample's index, shifted left by kFlagBits, plus any of these flags.
constexpr uint32_t kWriteFlag = 1;   // the kernel writes the sample's mix; else it only reads the sample as a partner
constexpr uint32_t kBlendFlag = 2;   // the sample is blended with its partner; else it keeps its own values
constexpr uint32_t kMirrorFlag = 4;  // normalize_mix reads the sample mirrored
constexpr uint32_t kFlagBits = 3;
FM_HD uint32_t sample_of(uint32_t entry) { return entry >> kFlagBits; }

// The number of vectors that a lane has loaded or is loading at a time. A segment should have at least this many
// entries. A lane uses two of the vectors (own and partner), so at least two loads of 16 bytes stay in flight. At 32
// warps per SM that is 32 KiB, three times the 11 KiB an H200 needs (4.8 TB/s, half of it reads, times 600 ns, over 132
// SMs).
constexpr int32_t kVectorsInFlight = 4;
constexpr int32_t kMaxWarps = 32;
// The number of warps per SM that launches aim for: fitting_gpu_walk enlarges blocks, if it can, until every SM has
// that many. The value 8 keeps the blocks of mix small instead: a block has at most 8 warps, and five blocks fit on an
// SM. `cmake -DFASTMIX_WARPS_PER_SM=...` builds variants to compare on a GPU.
#ifndef FASTMIX_WARPS_PER_SM
#define FASTMIX_WARPS_PER_SM 64
#endif
constexpr int32_t kWarpsPerSm = FASTMIX_WARPS_PER_SM;
static_assert(kWarpsPerSm == 64 || kWarpsPerSm == 32 || kWarpsPerSm == 16 || kWarpsPerSm == 8);
constexpr bool kSmallBlocks = kWarpsPerSm == 8;
constexpr int32_t kMixWarps = kSmallBlocks ? 8 : kMaxWarps;
// The most warps per block for normalize_mix, whose threads hold more values at once, and for resident plans. With two
// blocks of 12 warps on an SM, a thread has 80 registers. With one block of 32 warps, it would have 64.
constexpr int32_t kMaxWideWarps = 12;

// One warp walks segment s: entries[segment_begin[s]] ... entries[segment_begin[s + 1] - 1]. An entry's partner is the
// next entry. The last entry's partner is the first entry of the segment at place successor[s] of the bundle.
// One block runs bundle g: segments bundle_begin[g] ... bundle_begin[g + 1] - 1. Successors stay within the bundle.
struct GpuWalk {
  std::vector<uint32_t> entries;
  std::vector<uint32_t> segment_begin;
  std::vector<uint32_t> successor;
  std::vector<uint32_t> bundle_begin;
  uint32_t segments() const { return static_cast<uint32_t>(successor.size()); }
  uint32_t bundles() const { return static_cast<uint32_t>(bundle_begin.size()) - 1; }
  uint32_t warps() const;  // how many warps the largest bundle needs
};

enum class Writes {
  kBlended,  // in place: writes only the samples that change
  kAll,      // to new memory: writes every sample
};

// Makes the walk of a plan. `mirror` may be null (no sample is mirrored). With kAll, several samples may have the same
// partner. A kernel then reads a sample once as own image, and once more for every sample that has it as partner. If
// partners come from another batch, index batch + i stands for the partner of sample i. If a sample is its own partner,
// the kernel gets the sample itself as partner. If a sample keeps its values because its weight is 1, the kernel may
// get any sample as its partner and ignores it.
GpuWalk make_gpu_walk(const PlanView& plan, const uint8_t* mirror, Writes writes, int32_t max_warps);

// Chooses the smallest blocks that still occupy all warps of the GPU. Small blocks overlap one block's start with
// another's end; large ones, up to `most_warps`, cut a long cycle into more segments. `tiles` blocks run each bundle.
GpuWalk fitting_gpu_walk(const PlanView& plan, const uint8_t* mirror, Writes writes, int64_t tiles, int32_t most_warps);

// The walk of the gradient: segment i lists the shares that add up to the gradient of input i (plan/gather.h).
// kBlendFlag marks samples that are not their own partner. kPartnerFlag marks shares that go to the partner. This walk
// has no bundles and no successors.
constexpr uint32_t kPartnerFlag = kWriteFlag;
GpuWalk gather_gpu_walk(const PlanView& plan, bool of_others);

}  // namespace fastmix
