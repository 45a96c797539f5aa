#include "plan/gpu_walk.h"

#include <algorithm>

#include "plan/gather.h"

namespace fastmix {

namespace {

// Runs of entries, in which each entry's partner is the next one. Several warps may share a run. A closed run is a
// whole cycle: the partner of its last entry is its first. An open run ends with an entry that needs no partner.
struct Runs {
  std::vector<uint32_t> entries;
  std::vector<uint32_t> begin{0};
  std::vector<uint8_t> closed;

  uint32_t size(size_t run) const { return begin[run + 1] - begin[run]; }
  void end_run(bool is_closed) {
    begin.push_back(static_cast<uint32_t>(entries.size()));
    closed.push_back(is_closed);
  }
};

class RunBuilder {
 public:
  RunBuilder(const PlanView& plan, const uint8_t* mirror, Writes writes)
      : plan_(plan), mirror_(mirror), writes_(writes) {}

  Runs build() {
    if (!is_permutation(plan_)) return pairs();
    const Cycles cycles = cycles_of(plan_);
    for (int32_t c = 0; c < cycles.count(); ++c)
      add_cycle(cycles.order.data() + cycles.begin[c], cycles.begin[c + 1] - cycles.begin[c]);
    return std::move(runs_);
  }

 private:
  bool blends(int32_t sample) const { return !plan_.untouched(sample); }

  uint32_t entry(int32_t sample, bool written) const {
    uint32_t flags = blends(sample) ? kBlendFlag : 0;
    if (written) flags |= kWriteFlag;
    if (mirror_ != nullptr && mirror_[sample] != 0) flags |= kMirrorFlag;
    return static_cast<uint32_t>(sample) << kFlagBits | flags;
  }

  uint32_t partner_entry(int32_t i) const {
    if (plan_.others >= 0) return static_cast<uint32_t>(plan_.batch + i) << kFlagBits;
    return entry(plan_.rows[i].partner, false) & ~kBlendFlag;
  }

  Runs pairs() {
    for (int32_t i = 0; i < plan_.batch; ++i) {
      if (!blends(i) && writes_ == Writes::kBlended) continue;
      runs_.entries.push_back(entry(i, true));
      if (blends(i)) runs_.entries.push_back(partner_entry(i));
      runs_.end_run(false);
    }
    return std::move(runs_);
  }

  // Cuts the cycle after each sample that keeps its values, because that sample needs no partner.
  void add_cycle(const int32_t* order, int32_t length) {
    int32_t start = 0;
    while (start < length && blends(order[start])) ++start;
    const bool closed = start == length;
    if (closed) start = -1;
    size_t run_start = runs_.entries.size();
    for (int32_t k = 1; k <= length; ++k) {
      const int32_t sample = order[(start + k) % length];
      const bool blended = blends(sample);
      runs_.entries.push_back(entry(sample, blended || writes_ == Writes::kAll));
      if (blended) continue;
      // When mixing in place, this sample stays as it is. A run that contains only this sample would do nothing.
      if (writes_ == Writes::kBlended && runs_.entries.size() == run_start + 1) {
        runs_.entries.pop_back();
      } else {
        runs_.end_run(false);
      }
      run_start = runs_.entries.size();
    }
    if (closed) runs_.end_run(true);
  }

  const PlanView& plan_;
  const uint8_t* mirror_;
  Writes writes_;
  Runs runs_;
};

uint32_t divide_up(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

// Puts each run into a bundle. pieces[run] is the number of warps that the run needs; a bundle holds max_warps. Each
// run goes to the fullest bundle with room for it. by_room lists the bundles by free room, so this takes linear time.
std::vector<std::vector<uint32_t>> pack(const std::vector<uint32_t>& pieces, uint32_t max_warps) {
  std::vector<std::vector<uint32_t>> bundles;
  std::vector<std::vector<uint32_t>> by_room(max_warps + 1);
  for (uint32_t run = 0; run < pieces.size(); ++run) {
    uint32_t room = pieces[run];
    while (room < max_warps && by_room[room].empty()) ++room;
    uint32_t bundle;
    if (by_room[room].empty()) {
      bundle = static_cast<uint32_t>(bundles.size());
      bundles.emplace_back();
    } else {
      bundle = by_room[room].back();
      by_room[room].pop_back();
    }
    bundles[bundle].push_back(run);
    const uint32_t left = room - pieces[run];
    if (left > 0) by_room[left].push_back(bundle);
  }
  return bundles;
}

GpuWalk cut(const Runs& runs, uint32_t max_warps) {
  std::vector<uint32_t> pieces(runs.closed.size());
  for (size_t run = 0; run < pieces.size(); ++run) {
    pieces[run] = std::min(max_warps, divide_up(runs.size(run), kVectorsInFlight));
    // Rounding the length of a piece up may make the last pieces empty: 33 entries in pieces of 5 need 7 pieces, not 8.
    pieces[run] = divide_up(runs.size(run), divide_up(runs.size(run), pieces[run]));
  }
  GpuWalk walk;
  walk.entries.reserve(runs.entries.size());
  walk.segment_begin.push_back(0);
  walk.bundle_begin.push_back(0);
  for (const std::vector<uint32_t>& bundle : pack(pieces, max_warps)) {
    for (const uint32_t run : bundle) {
      const uint32_t first_place = walk.segments() - walk.bundle_begin.back();
      const uint32_t length = divide_up(runs.size(run), pieces[run]);
      for (uint32_t piece = 0; piece < pieces[run]; ++piece) {
        const uint32_t begin = runs.begin[run] + piece * length;
        const uint32_t end = std::min(begin + length, runs.begin[run + 1]);
        walk.entries.insert(walk.entries.end(), runs.entries.begin() + begin, runs.entries.begin() + end);
        walk.segment_begin.push_back(static_cast<uint32_t>(walk.entries.size()));
        // The last entry of an open run ignores its partner, so any segment can be the successor. This takes the
        // segment itself.
        const bool last = piece + 1 == pieces[run];
        const uint32_t next = !last ? piece + 1 : runs.closed[run] ? 0 : piece;
        walk.successor.push_back(first_place + next);
      }
    }
    walk.bundle_begin.push_back(walk.segments());
  }
  return walk;
}

}  // namespace

uint32_t GpuWalk::warps() const {
  uint32_t most = 0;
  for (uint32_t g = 0; g < bundles(); ++g) most = std::max(most, bundle_begin[g + 1] - bundle_begin[g]);
  return most;
}

GpuWalk make_gpu_walk(const PlanView& plan, const uint8_t* mirror, Writes writes, int32_t max_warps) {
  return cut(RunBuilder(plan, mirror, writes).build(), static_cast<uint32_t>(max_warps));
}

GpuWalk fitting_gpu_walk(const PlanView& plan, const uint8_t* mirror, Writes writes, int64_t tiles,
                         int32_t most_warps) {
  // An H200 has 132 SMs, each with room for 64 warps. Fewer warps leave part of the GPU idle.
  constexpr int64_t kEnoughWarps = 132 * kWarpsPerSm;
  const Runs runs = RunBuilder(plan, mirror, writes).build();
  const uint32_t most = static_cast<uint32_t>(most_warps);
  uint32_t max_warps = 8;
  GpuWalk walk = cut(runs, max_warps);
  while (max_warps < most && tiles * walk.segments() < kEnoughWarps) {
    max_warps = std::min(2 * max_warps, most);
    walk = cut(runs, max_warps);
  }
  return walk;
}

GpuWalk gather_gpu_walk(const PlanView& plan, bool of_others) {
  const Gather gather = gather_of(plan, of_others);
  GpuWalk walk;
  for (const Share& share : gather.shares) {
    uint32_t entry = static_cast<uint32_t>(share.sample) << kFlagBits;
    if (!plan.alone(share.sample)) entry |= kBlendFlag;
    if (share.of_partner) entry |= kPartnerFlag;
    walk.entries.push_back(entry);
  }
  walk.segment_begin = gather.begin;
  walk.bundle_begin = {0};
  return walk;
}

}  // namespace fastmix
