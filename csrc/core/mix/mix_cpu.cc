#include <cstring>

#include "mix/mix.h"
#include "plan/cpu_walk.h"
#include "simd/kernels.h"
#include "simd/mask_rows.h"

namespace fastmix {

namespace {

// A task mixes this many bytes of each sample. Reads are then sequential, and two tiles and the buffer `head` of run()
// stay in a core's caches.
constexpr int64_t kTileBytes = 16 * 1024;
// While the job mixes one step of a tile, it prefetches the same step of the next image's tile. The hardware prefetcher
// restarts with every tile and page; steps of this size keep memory and core busy.
constexpr int64_t kStepBytes = 1024;
constexpr int64_t kStepBytesU8 = 4096;  // larger for uint8: CpuKernels::mix may fill a table of 256 entries per call

class MixJob final : public CpuJob {
 public:
  explicit MixJob(const MixParams& params)
      : params_(params),
        walk_(params.plan),
        masks_(params.plan, params.pixel_stride, params.width, params.height, params.depth),
        item_(size_of(params.dtype)),
        tile_(kTileBytes / item_),
        tiles_((params.elements + tile_ - 1) / tile_),
        kernels_(cpu_kernels()) {}

  int64_t tasks() const override { return tiles_ * walk_.bundles(); }

  void run(int64_t begin, int64_t end) const override {
    alignas(64) unsigned char head[kTileBytes];
    MaskRows::Scratch levels;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first = task / walk_.bundles() * tile_;
      const int64_t last = std::min(params_.elements, first + tile_);
      const int64_t bundle = task % walk_.bundles();
      const int32_t cycles_end = walk_.bundle_begin[bundle + 1];
      const int32_t samples_end = walk_.cycles.begin[cycles_end];
      for (int32_t c = walk_.bundle_begin[bundle]; c < cycles_end; ++c)
        mix_cycle(c, first, last, samples_end, head, levels);
    }
  }

 private:
  const unsigned char* in(int32_t sample, int64_t element) const {
    return static_cast<const unsigned char*>(params_.in[sample]) + element * item_;
  }
  const unsigned char* partner_in(int32_t partner, int64_t element) const {
    const void* const* from = params_.others != nullptr ? params_.others : params_.in;
    return static_cast<const unsigned char*>(from[partner]) + element * item_;
  }
  unsigned char* out(int32_t sample, int64_t element) const {
    return static_cast<unsigned char*>(params_.out) + (sample * params_.out_stride + element) * item_;
  }
  unsigned char* clean(int32_t sample, int64_t element) const {
    return static_cast<unsigned char*>(params_.clean) + (sample * params_.out_stride + element) * item_;
  }

  // Mixes one tile of a cycle's samples, in the order of the diagram in plan/cpu_walk.h. In place, the cycle's first
  // sample is overwritten before the last sample is mixed with it, so `head` keeps a copy of the first sample's tile.
  void mix_cycle(int32_t cycle, int64_t first, int64_t last, int32_t samples_end, unsigned char* head,
                 MaskRows::Scratch& levels) const {
    const int32_t begin = walk_.cycles.begin[cycle];
    const int32_t end = walk_.cycles.begin[cycle + 1];
    const int32_t head_sample = walk_.cycles.order[begin];
    const bool keep_head = params_.in_place && end - begin > 1;
    if (keep_head) std::memcpy(head, in(head_sample, first), (last - first) * item_);
    for (int32_t k = begin; k < end; ++k) {
      const int32_t sample = walk_.cycles.order[k];
      const int32_t partner = params_.plan.rows[sample].partner;
      const bool from_head = keep_head && partner == head_sample;
      if (params_.clean != nullptr) std::memcpy(clean(sample, first), in(sample, first), (last - first) * item_);
      // The sample at k has the sample at k + 1 as its partner. So the next image to fetch is at k + 2, perhaps in the
      // next cycle.
      const unsigned char* next = k + 2 < samples_end ? in(walk_.cycles.order[k + 2], first) : nullptr;
      const unsigned char* from = from_head ? head : partner_in(partner, first);
      if (params_.plan.rows[sample].mask >= 0 && !params_.plan.untouched(sample)) {
        mix_masked(sample, from, next, first, last, levels);
      } else {
        mix_sample(sample, from, next, first, last);
      }
    }
  }

  // `partner` and `next` point at element `first` of the partner and of the image to prefetch. `next` may be null.
  void mix_sample(int32_t sample, const unsigned char* partner, const unsigned char* next, int64_t first,
                  int64_t last) const {
    const PlanView& plan = params_.plan;
    if (plan.untouched(sample)) {
      if (!params_.in_place) std::memcpy(out(sample, first), in(sample, first), (last - first) * item_);
      return;
    }
    const int64_t step = item_ == 1 ? kStepBytesU8 : kStepBytes / item_;
    for_each_span(plan.rows[sample].box, plan.rows[sample].has_box(), params_.pixel_stride, params_.width,
                  params_.height, first, last, [&](int64_t begin, int64_t end, bool inside) {
                    const float weight = inside ? plan.rows[sample].weight_in : plan.rows[sample].weight_out;
                    for (int64_t at = begin; at < end; at += step) {
                      const int64_t stop = std::min(end, at + step);
                      const int64_t offset = (at - first) * item_;
                      if (next != nullptr) fetch(next + offset, (stop - at) * item_);
                      kernels_.mix(params_.dtype, out(sample, at), in(sample, at), partner + offset, weight, stop - at);
                    }
                  });
  }

  // Mixes a sample that has a mask; mix_sample() mixes samples without one. Runs of elements with weight 1 or 0 are
  // copied from the sample or its partner.
  void mix_masked(int32_t sample, const unsigned char* partner, const unsigned char* next, int64_t first, int64_t last,
                  MaskRows::Scratch& scratch) const {
    const PlanView& plan = params_.plan;
    const float inside = plan.rows[sample].weight_in, outside = plan.rows[sample].weight_out;
    const int64_t row_elements = params_.width * params_.pixel_stride;
    for (int64_t at = first; at < last;) {
      const int64_t row = at / row_elements;
      const int64_t stop = std::min(last, (row + 1) * row_elements);
      const uint8_t* levels = masks_.row(plan.rows[sample].mask, row, scratch) + (at - row * row_elements);
      if (next != nullptr) fetch(next + (at - first) * item_, (stop - at) * item_);
      for_each_weight_run(levels, stop - at, inside, outside, [&](int64_t begin, int64_t end, float weight) {
        const unsigned char* from = partner + (at + begin - first) * item_;
        if (weight >= 0.0f) {
          kernels_.mix(params_.dtype, out(sample, at + begin), in(sample, at + begin), from, weight, end - begin);
        } else {
          kernels_.mix_levels(params_.dtype, out(sample, at + begin), in(sample, at + begin), from, levels + begin,
                              inside, outside, end - begin);
        }
      });
      at = stop;
    }
  }

  static void fetch(const unsigned char* begin, int64_t bytes) {
    for (int64_t at = 0; at < bytes; at += kLineBytes) __builtin_prefetch(begin + at, 0, 2);
  }

  const MixParams params_;
  const CpuWalk walk_;
  const MaskRows masks_;
  const int64_t item_, tile_, tiles_;
  const CpuKernels& kernels_;
};

}  // namespace

std::unique_ptr<CpuJob> mix_cpu(const MixParams& params) { return std::make_unique<MixJob>(params); }

}  // namespace fastmix
