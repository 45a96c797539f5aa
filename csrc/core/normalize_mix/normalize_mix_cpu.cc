#include <algorithm>
#include <utility>
#include <vector>

#include "normalize_mix/normalize_mix.h"
#include "normalize_mix/normalized_rows.h"
#include "plan/cpu_walk.h"
#include "simd/kernels.h"

namespace fastmix {

namespace {

constexpr int64_t kRowsPerTask = 8;

// A thread's scratch. In a walk along a cycle of partners (plan/cpu_walk.h), `head` is a row of the cycle's first
// sample, `own` of the current sample and `partner` of its partner. unpack() has split their channels and mirrored them
// as needed. Each row is unpacked once and used twice, as own and as partner.
struct Scratch {
  explicit Scratch(int64_t row_bytes) : head(row_bytes), own(row_bytes), partner(row_bytes) {}
  std::vector<uint8_t> head, own, partner;
  NormalizedRows::Scratch rows;
};

class NormalizeMixJob final : public CpuJob {
 public:
  explicit NormalizeMixJob(const NormalizeMixParams& params)
      : params_(params),
        walk_(params.plan),
        rows_(params),
        row_bytes_(params.width * params.channels),
        bands_((params.height + kRowsPerTask - 1) / kRowsPerTask),
        kernels_(cpu_kernels()) {}

  int64_t tasks() const override { return bands_ * walk_.bundles(); }

  void run(int64_t begin, int64_t end) const override {
    Scratch scratch(row_bytes_);
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first = task / walk_.bundles() * kRowsPerTask;
      const int64_t last = std::min(params_.height, first + kRowsPerTask);
      const int64_t bundle = task % walk_.bundles();
      for (int32_t c = walk_.bundle_begin[bundle]; c < walk_.bundle_begin[bundle + 1]; ++c) {
        for (int64_t y = first; y < last; ++y) walk_.cyclic ? mix_cycle(c, y, scratch) : mix_alone(c, y, scratch);
      }
    }
    rows_.end();
  }

 private:
  void unpack(std::vector<uint8_t>& row, int32_t sample, int64_t y) const {
    kernels_.unpack(row.data(), params_.in[sample] + y * row_bytes_, params_.width, params_.channels,
                    params_.out_layout == Layout::kNCHW, params_.mirror != nullptr && params_.mirror[sample]);
  }

  void mix_cycle(int32_t cycle, int64_t y, Scratch& scratch) const {
    const int32_t begin = walk_.cycles.begin[cycle];
    const int32_t end = walk_.cycles.begin[cycle + 1];
    const int32_t* order = walk_.cycles.order.data();
    unpack(scratch.head, order[begin], y);
    if (end - begin == 1) return write_row(order[begin], y, scratch.head.data(), scratch.head.data(), scratch);
    unpack(scratch.partner, order[begin + 1], y);
    write_row(order[begin], y, scratch.head.data(), scratch.partner.data(), scratch);
    for (int32_t k = begin + 1; k + 1 < end; ++k) {
      std::swap(scratch.own, scratch.partner);
      unpack(scratch.partner, order[k + 1], y);
      write_row(order[k], y, scratch.own.data(), scratch.partner.data(), scratch);
    }
    write_row(order[end - 1], y, scratch.partner.data(), scratch.head.data(), scratch);
  }

  void mix_alone(int32_t sample, int64_t y, Scratch& scratch) const {
    unpack(scratch.own, sample, y);
    unpack(scratch.partner, params_.plan.rows[sample].partner, y);
    write_row(sample, y, scratch.own.data(), scratch.partner.data(), scratch);
  }

  void write_row(int32_t sample, int64_t y, const uint8_t* own, const uint8_t* partner, Scratch& scratch) const {
    rows_.write(sample, y, {own, params_.width}, {partner, params_.width}, scratch.rows, [](const OutputRow&) {});
  }

  const NormalizeMixParams params_;
  const CpuWalk walk_;
  const NormalizedRows rows_;
  const int64_t row_bytes_, bands_;
  const CpuKernels& kernels_;
};

}  // namespace

std::unique_ptr<CpuJob> normalize_mix_cpu(const NormalizeMixParams& params) {
  return std::make_unique<NormalizeMixJob>(params);
}

}  // namespace fastmix
