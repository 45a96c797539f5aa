#include <algorithm>
#include <utility>
#include <vector>

#include "mix/mix.h"
#include "normalize_mix/normalize_kernels.h"
#include "normalize_mix/normalize_mix.h"
#include "plan/cpu_walk.h"
#include "simd/kernels.h"
#include "simd/mask_rows.h"

namespace fastmix {

const NormalizeKernels& normalize_kernels() {
#if defined(__x86_64__)
  return matching_kernels(baseline_normalize_kernels, avx2_normalize_kernels, avx512_normalize_kernels);
#else
  return baseline_normalize_kernels();
#endif
}

namespace {

constexpr int64_t kRowsPerTask = 8;

// A thread's scratch: the unpacked rows (channels split, mirrored) of the cycle's first sample, the current sample and
// its partner, and the row to write. Each row is unpacked once and used twice, as own and as partner.
struct Scratch {
  Scratch(int64_t row_bytes, int64_t item)
      : head(row_bytes), own(row_bytes), partner(row_bytes), out(row_bytes * item) {}
  std::vector<uint8_t> head, own, partner, out;
  MaskRows::Scratch levels;
};

class NormalizeMixJob final : public CpuJob {
 public:
  explicit NormalizeMixJob(const NormalizeMixParams& params)
      : params_(params),
        walk_(params.plan),
        masks_(params.plan, params.out_layout == Layout::kNHWC ? params.channels : 1, params.width, params.height, 1),
        item_(size_of(params.out_dtype)),
        row_bytes_(params.width * params.channels),
        bands_((params.height + kRowsPerTask - 1) / kRowsPerTask),
        stream_(params.plan.batch * params.height * row_bytes_ * item_ >= kStreamBytes),
        kernels_(cpu_kernels()),
        normalize_(normalize_kernels()) {
    if (params.out_layout != Layout::kNHWC) return;
    for (int64_t k = 0; k < row_bytes_; ++k) {
      scale_.push_back(params.scale[k % params.channels]);
      bias_.push_back(params.bias[k % params.channels]);
    }
  }

  int64_t tasks() const override { return bands_ * walk_.groups(); }

  void run(int64_t begin, int64_t end) const override {
    Scratch scratch(row_bytes_, item_);
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first = task / walk_.groups() * kRowsPerTask;
      const int64_t last = std::min(params_.height, first + kRowsPerTask);
      const int64_t group = task % walk_.groups();
      for (int32_t c = walk_.group_begin[group]; c < walk_.group_begin[group + 1]; ++c) {
        for (int64_t y = first; y < last; ++y) walk_.cyclic ? mix_cycle(c, y, scratch) : mix_alone(c, y, scratch);
      }
    }
    if (stream_) kernels_.order_streams();
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

  // Builds rows of large batches in `scratch` and then writes them past the caches.
  void write_row(int32_t sample, int64_t y, const uint8_t* own, const uint8_t* partner, Scratch& scratch) const {
    const bool interleaved = params_.out_layout == Layout::kNHWC;
    const int64_t plane = params_.height * params_.width * item_;
    const int64_t line = params_.width * item_ * (interleaved ? params_.channels : 1);
    unsigned char* const out = static_cast<unsigned char*>(params_.out) + sample * plane * params_.channels + y * line;
    if (!stream_) return mix_row(sample, y, own, partner, out, plane, scratch.levels);
    mix_row(sample, y, own, partner, scratch.out.data(), line, scratch.levels);
    for (int32_t c = 0; c < (interleaved ? 1 : params_.channels); ++c)
      kernels_.stream(out + c * plane, scratch.out.data() + c * line, line);
  }

  // Writes channel c to out + c * plane bytes (NCHW), or all channels to `out` (NHWC).
  void mix_row(int32_t sample, int64_t y, const uint8_t* own, const uint8_t* partner, unsigned char* out, int64_t plane,
               MaskRows::Scratch& levels) const {
    const PlanView& plan = params_.plan;
    const int32_t mask = plan.rows[sample].mask;
    if (mask >= 0) return mix_masked_row(sample, own, partner, masks_.row(mask, y, levels), out, plane);
    const int32_t* box = plan.rows[sample].box;
    const bool crossed = plan.rows[sample].has_box() && y >= box[0] && y < box[2];
    const float outside = plan.rows[sample].weight_out;
    const auto mix = [&](float weight, int64_t first, int64_t last) {
      mix_span(own, partner, out, plane, weight, first, last);
    };
    if (!crossed) return mix(outside, 0, params_.width);
    mix(outside, 0, box[1]);
    mix(plan.rows[sample].weight_in, box[1], box[3]);
    mix(outside, box[3], params_.width);
  }

  void mix_masked_row(int32_t sample, const uint8_t* own, const uint8_t* partner, const uint8_t* levels,
                      unsigned char* out, int64_t plane) const {
    const float inside = params_.plan.rows[sample].weight_in, outside = params_.plan.rows[sample].weight_out;
    if (params_.out_layout == Layout::kNHWC) {
      return normalize_.levels_interleaved(params_.out_dtype, out, own, partner, levels, inside, outside, scale_.data(),
                                           bias_.data(), row_bytes_);
    }
    for (int32_t c = 0; c < params_.channels; ++c) {
      normalize_.levels_plane(params_.out_dtype, out + c * plane, own + c * params_.width, partner + c * params_.width,
                              levels, inside, outside, params_.scale[c], params_.bias[c], params_.width);
    }
  }

  void mix_span(const uint8_t* own, const uint8_t* partner, unsigned char* out, int64_t plane, float weight,
                int64_t first, int64_t last) const {
    if (first >= last) return;
    if (params_.out_layout == Layout::kNHWC) {
      const int64_t at = first * params_.channels;
      normalize_.interleaved(params_.out_dtype, out + at * item_, own + at, partner + at, weight, scale_.data() + at,
                             bias_.data() + at, (last - first) * params_.channels);
      return;
    }
    for (int32_t c = 0; c < params_.channels; ++c) {
      const int64_t at = c * params_.width + first;
      normalize_.plane(params_.out_dtype, out + c * plane + first * item_, own + at, partner + at, weight,
                       params_.scale[c], params_.bias[c], last - first);
    }
  }

  const NormalizeMixParams params_;
  const CpuWalk walk_;
  const MaskRows masks_;
  const int64_t item_, row_bytes_, bands_;
  const bool stream_;
  std::vector<float> scale_, bias_;  // NHWC: repeated along a row
  const CpuKernels& kernels_;
  const NormalizeKernels& normalize_;
};

}  // namespace

std::unique_ptr<CpuJob> normalize_mix_cpu(const NormalizeMixParams& params) {
  return std::make_unique<NormalizeMixJob>(params);
}

}  // namespace fastmix
