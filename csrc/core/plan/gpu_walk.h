// How a plan is walked on the GPU: which warp mixes which samples, in which order, so that every sample is
// read once, even in place and along a cycle of any length. Host only, no CUDA.
#pragma once

#include <cstdint>
#include <vector>

#include "base/host_device.h"
#include "plan/plan.h"

namespace fastmix {

// An entry of the walk: a sample's index above these flags.
constexpr uint32_t kWriteFlag = 1;   // its mix is written; otherwise it is only read, as a partner
constexpr uint32_t kBlendFlag = 2;   // it takes part of its partner; otherwise it keeps its own values
constexpr uint32_t kMirrorFlag = 4;  // it is read mirrored (normalize_mix)
constexpr uint32_t kFlagBits = 3;
FM_HD uint32_t sample_of(uint32_t entry) { return entry >> kFlagBits; }

// Vectors a lane keeps in flight, hence the shortest useful piece of a cycle. A lane waits for two of them (own
// and partner), so at least two loads of 16 bytes stay in flight: at 32 warps per SM that is 32 KiB, three times
// the 11 KiB an H200 needs (4.8 TB/s, half of it reads, times 600 ns, over 132 SMs).
constexpr int32_t kWindow = 4;
constexpr int32_t kMaxWarps = 32;
// Of blocks that hold more values at once: two of these blocks leave 80 registers for a thread, not 64.
constexpr int32_t kMaxWideWarps = 12;

// Segment s is entries[segment_begin[s]] ... entries[segment_begin[s + 1] - 1], walked by one warp. The partner
// of an entry is the next one; of the last, the first entry of the segment at place successor[s] of the group.
// Segments group_begin[g] ... group_begin[g + 1] - 1 run in one block: successors never leave it.
struct GpuWalk {
  std::vector<uint32_t> entries;
  std::vector<uint32_t> segment_begin;
  std::vector<uint32_t> successor;
  std::vector<uint32_t> group_begin;
  uint32_t segments() const { return static_cast<uint32_t>(successor.size()); }
  uint32_t groups() const { return static_cast<uint32_t>(group_begin.size()) - 1; }
  uint32_t warps() const;  // of the largest group
};

enum class Writes {
  kBlended,  // in place: samples that keep their values are not written, and read only for others
  kAll,      // out of place: every sample is written
};

// blends[i]: sample i takes part of its partner. mirror may be null. Repeated partners are allowed with kAll:
// then each sample is read by itself and once more by every sample that it is partner of. Partners from another batch
// are the entries of samples batch + i: the partner of i.
GpuWalk make_gpu_walk(const PlanView& plan, const std::vector<uint8_t>& blends, const uint8_t* mirror, Writes writes,
                      int32_t max_warps);

// The same, with the smallest blocks that still give the GPU work for all its warps: small blocks overlap one's
// start with another's end, large ones, of up to `most_warps`, cut a long cycle into more segments. `tiles` blocks run
// each group.
GpuWalk fitting_gpu_walk(const PlanView& plan, const std::vector<uint8_t>& blends, const uint8_t* mirror, Writes writes,
                         int64_t tiles, int32_t most_warps);

// For the gradient of a mix: segment i lists the shares that input i collects, see Gather, with kBlendFlag where the
// sample and its partner differ and kPartnerFlag for the rest that the partner gave. One group and no successors.
constexpr uint32_t kPartnerFlag = kWriteFlag;
GpuWalk gather_gpu_walk(const PlanView& plan, bool of_others);

}  // namespace fastmix
