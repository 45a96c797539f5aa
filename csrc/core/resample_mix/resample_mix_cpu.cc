#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "plan/cpu_walk.h"
#include "resample/filter_taps.h"
#include "resample_mix/resample_kernels.h"
#include "resample_mix/resample_mix.h"
#include "simd/kernels.h"
#include "simd/mask_rows.h"
#include "simd/scratch.h"

namespace fastmix {

const ResampleKernels& resample_kernels() {
#if defined(__x86_64__)
  return matching_kernels(baseline_resample_kernels, avx2_resample_kernels, avx512_resample_kernels);
#else
  return baseline_resample_kernels();
#endif
}

namespace {

// A row is resampled in blocks of this many output pixels. At usual scales, a block's source columns stay in the
// first-level cache. Neighbouring blocks share about two columns, which are computed twice.
constexpr int32_t kBlock = 64;
constexpr int32_t kMostRows = 16;  // the most rows of a band
// Larger blocks are not prefetched: their rows are so long that the hardware prefetcher finds them.
constexpr int64_t kFetchBytes = 64 << 10;

class ResampleMixJob final : public CpuJob {
 public:
  explicit ResampleMixJob(const ResampleMixParams& params)
      : params_(params),
        walk_(params.plan),
        kernels_(resample_kernels()),
        masks_(params.plan, 1, params.width, params.height, 1),
        bands_((params.height + kernels_.rows - 1) / kernels_.rows),
        stream_(streams(params)),
        taps_(params.plan.batch) {
    const SourceArrays& from = params.sources;
    for (int32_t i = 0; i < params.plan.batch; ++i)
      sources_.push_back(source_of(from.images[i], from.windows[i], from.sampling[i], params.channels));
  }

  int64_t tasks() const override { return bands_ * walk_.cycles.count(); }

  // Consecutive tasks are bands of one cycle, so a thread finds their source rows and taps in cache.
  void run(int64_t begin, int64_t end) const override {
    ThreadScratch scratch;
    for (int64_t task = begin; task < end; ++task) {
      const Part next = task + 1 < end ? first_part(task + 1) : Part{};
      const int32_t cycle = static_cast<int32_t>(task / bands_);
      const int32_t y = static_cast<int32_t>(task % bands_) * kernels_.rows;
      walk_.cyclic ? mix_cycle(cycle, y, next, scratch) : mix_alone(cycle, y, next, scratch);
    }
  }

 private:
  struct ThreadScratch {
    Scratch source;
    Scratch bands[3];
    Scratch weights;
    MaskRows::Scratch levels[kMostRows];
  };

  // Whether to write past the caches: the batch is large and every output row starts at a cache line.
  static bool streams(const ResampleMixParams& params) {
    const int64_t plane = int64_t{params.height} * params.width * size_of(params.out_dtype);
    const int64_t row =
        params.width * size_of(params.out_dtype) * (params.out_layout == Layout::kNHWC ? params.channels : 1);
    return params.plan.batch * plane * params.channels >= kStreamBytes && row % kLineBytes == 0 &&
           reinterpret_cast<uintptr_t>(params.out) % kLineBytes == 0;
  }

  // The band of a sample that begins at output row y. Stands for no band if `sample` is negative.
  struct Part {
    int32_t sample = -1, y = 0;
  };

  // The band that a task resamples first.
  Part first_part(int64_t task) const {
    const int32_t cycle = static_cast<int32_t>(task / bands_);
    return {walk_.cycles.order[walk_.cycles.begin[cycle]], static_cast<int32_t>(task % bands_) * kernels_.rows};
  }

  // The first task that needs a sample's taps computes them, so taps of several samples are computed in parallel.
  struct SampleTaps {
    std::once_flag made;
    Taps y, x;
  };

  const SampleTaps& taps(int32_t sample) const {
    SampleTaps& taps = taps_[sample];
    std::call_once(taps.made, [&] {
      const Source& source = sources_[sample];
      const Window& w = source.window;
      taps.y = make_taps(resample_axis(source.filter, w.y, w.height, source.height, params_.height), params_.height);
      taps.x = make_taps(resample_axis(source.filter, w.x, w.width, source.width, params_.width), params_.width);
    });
    return taps;
  }

  // Prefetches the source pixels that `part` needs for outputs x ... last of each row.
  void fetch(const Part& part, int32_t x, int32_t last) const {
    const Source& from = sources_[part.sample];
    const SampleTaps& taps = this->taps(part.sample);
    const int32_t bottom = std::min(part.y + kernels_.rows, params_.height) - 1;
    const int32_t rows_end = taps.y.first[bottom] + taps.y.count[bottom];
    const uint8_t* const begin = from.data + int64_t{taps.x.first[x]} * params_.channels;
    const int64_t bytes = (taps.x.first[last] + taps.x.count[last] - int64_t{taps.x.first[x]}) * params_.channels;
    if ((rows_end - taps.y.first[part.y]) * bytes > kFetchBytes) return;
    for (int64_t row = taps.y.first[part.y]; row < rows_end; ++row) {
      const uint8_t* const line = begin + row * from.stride;
      for (int64_t at = 0; at < bytes; at += kLineBytes) __builtin_prefetch(line + at, 0, 2);
    }
  }

  // Resamples the band of output rows from y on and returns its columns. Prefetches the source of `next`.
  const float* resample(Scratch& band, int32_t sample, int32_t y, const Part& next, Scratch& source) const {
    const Source& from = sources_[sample];
    const SampleTaps& taps = this->taps(sample);
    const int32_t channels = params_.channels;
    const uint8_t* const end = from.end(channels);
    // write() processes whole cache lines: it reads columns beyond the last and drops their results.
    float* const out = band.get((static_cast<size_t>(params_.width) * channels + kLineBytes) * kernels_.rows);
    const bool mirror = params_.mirror != nullptr && params_.mirror[sample];
    const bool interleaved = params_.out_layout == Layout::kNHWC;
    const int64_t pixel = int64_t{interleaved ? channels : 1} * kernels_.rows;
    const BandStep step = {mirror ? -pixel : pixel, int64_t{interleaved ? 1 : params_.width} * kernels_.rows};

    for (int32_t x = 0; x < params_.width; x += kBlock) {
      const int32_t last = std::min(params_.width, x + kBlock) - 1;
      const int32_t origin = taps.x.first[x];
      const int64_t bytes = (taps.x.first[last] + taps.x.count[last] - int64_t{origin}) * channels;
      if (next.sample >= 0) fetch(next, x, last);
      RowTaps rows[kMostRows];
      for (int32_t r = 0; r < kernels_.rows; ++r) {
        // Rows below the output repeat its last row; write() drops them.
        const int32_t o = std::min(y + r, params_.height - 1);
        rows[r] = {from.data + taps.y.first[o] * from.stride + int64_t{origin} * channels,
                   taps.y.coefficients.data() + int64_t{o} * taps.y.length, taps.y.count[o]};
      }
      float* const columns = source.get((bytes + kernels_.rows) * kernels_.rows);
      kernels_.vertical(columns, rows, taps.y.padded, from.stride, bytes, end);
      const ColumnTaps across = {taps.x.first.data() + x, taps.x.count.data() + x,
                                 taps.x.coefficients.data() + int64_t{x} * taps.x.length, taps.x.length, taps.x.padded};
      const int32_t place = mirror ? params_.width - 1 - x : x;
      kernels_.horizontal(out + place * pixel, columns, origin, across, last + 1 - x, channels, step);
    }
    return out;
  }

  void mix_cycle(int32_t cycle, int32_t y, const Part& after, ThreadScratch& scratch) const {
    const int32_t begin = walk_.cycles.begin[cycle];
    const int32_t end = walk_.cycles.begin[cycle + 1];
    const int32_t* order = walk_.cycles.order.data();
    const auto next = [&](int32_t k) { return k + 1 < end ? Part{order[k + 1], y} : after; };
    const float* const head = resample(scratch.bands[0], order[begin], y, next(begin), scratch.source);
    const float* own = head;
    for (int32_t k = begin; k < end; ++k) {
      const float* partner = head;
      if (k + 1 < end)
        partner = resample(scratch.bands[1 + (k - begin) % 2], order[k + 1], y, next(k + 1), scratch.source);
      write(order[k], y, own, partner, scratch);
      own = partner;
    }
  }

  void mix_alone(int32_t sample, int32_t y, const Part& after, ThreadScratch& scratch) const {
    const bool mixed = !params_.plan.untouched(sample);
    const Part partner_part = {params_.plan.rows[sample].partner, y};
    const float* const own = resample(scratch.bands[0], sample, y, mixed ? partner_part : after, scratch.source);
    const float* partner = own;
    if (mixed) partner = resample(scratch.bands[1], partner_part.sample, y, after, scratch.source);
    write(sample, y, own, partner, scratch);
  }

  // The weights of a masked sample's own image in a band. Rows below the output repeat the last.
  const float* weights_of(int32_t sample, int32_t y, ThreadScratch& scratch) const {
    const PlanRow& row = params_.plan.rows[sample];
    const uint8_t* levels[kMostRows];
    for (int32_t r = 0; r < kernels_.rows; ++r)
      levels[r] = masks_.row(row.mask, std::min(y + r, params_.height - 1), scratch.levels[r]);
    // The array is longer than the row, because write() reads columns beyond the last. It drops their results.
    float* const weights = scratch.weights.get((static_cast<size_t>(params_.width) + kLineBytes) * kernels_.rows);
    kernels_.level_columns(weights, levels, row.weight_in, row.weight_out, params_.width);
    return weights;
  }

  void write(int32_t sample, int32_t y, const float* own, const float* partner, ThreadScratch& scratch) const {
    const PlanView& plan = params_.plan;
    const int64_t plane = int64_t{params_.height} * params_.width;
    const bool interleaved = params_.out_layout == Layout::kNHWC;
    BandWrite band{};
    band.stream = stream_;
    band.dtype = params_.out_dtype;
    band.interleaved = interleaved;
    band.row_stride = int64_t{params_.width} * (interleaved ? params_.channels : 1);
    band.plane_stride = plane;
    band.out = static_cast<unsigned char*>(params_.out) +
               (sample * plane * params_.channels + y * band.row_stride) * size_of(params_.out_dtype);
    band.rows = std::min(kernels_.rows, params_.height - y);
    band.width = params_.width;
    band.channels = params_.channels;
    band.scale = params_.scale;
    band.bias = params_.bias;
    band.mixed = !plan.untouched(sample);
    band.outside = plan.rows[sample].weight_out;
    if (band.mixed && plan.rows[sample].mask >= 0) band.weights = weights_of(sample, y, scratch);
    alignas(64) float inside[kMostRows];
    band.inside = inside;
    if (plan.rows[sample].has_box()) {
      const int32_t* box = plan.rows[sample].box;
      band.box_begin = box[1];
      band.box_end = box[3];
      for (int32_t r = 0; r < kernels_.rows; ++r) {
        const bool crossed = y + r >= box[0] && y + r < box[2];
        inside[r] = crossed ? plan.rows[sample].weight_in : plan.rows[sample].weight_out;
      }
    }
    kernels_.write(band, own, partner);
  }

  const ResampleMixParams params_;
  const CpuWalk walk_;
  const ResampleKernels& kernels_;
  const MaskRows masks_;
  const int64_t bands_;
  const bool stream_;
  std::vector<Source> sources_;
  mutable std::vector<SampleTaps> taps_;
};

}  // namespace

std::unique_ptr<CpuJob> resample_mix_cpu(const ResampleMixParams& params) {
  if (params.augments()) return augmented_mix_cpu(params);
  return std::make_unique<ResampleMixJob>(params);
}

}  // namespace fastmix
