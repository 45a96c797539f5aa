#include <algorithm>
#include <cstring>

#include "resample/filter_taps.h"
#include "resample/fixed_kernels.h"
#include "resample/resample.h"
#include "simd/kernels.h"

namespace fastmix {

const FixedKernels& fixed_kernels() {
#if defined(__x86_64__)
  return matching_kernels(baseline_fixed_kernels, avx2_fixed_kernels, avx512_fixed_kernels);
#else
  return baseline_fixed_kernels();
#endif
}

namespace {

int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

FixedTaps taps_of(const Source& source, bool vertical, int32_t outputs) {
  const Window& w = source.window;
  return make_fixed_taps(vertical ? resample_axis(source.filter, w.y, w.height, source.height, outputs)
                                  : resample_axis(source.filter, w.x, w.width, source.width, outputs),
                         outputs);
}

void reverse(FixedTaps& taps) {
  std::reverse(taps.first.begin(), taps.first.end());
  std::reverse(taps.count.begin(), taps.count.end());
  const int64_t outputs = static_cast<int64_t>(taps.first.size());
  for (int64_t o = 0; o < outputs / 2; ++o) {
    const auto from = taps.coefficients.begin() + o * taps.length;
    std::swap_ranges(from, from + taps.length, taps.coefficients.end() - (o + 1) * taps.length);
  }
}

// Rows of bytes, `stride` bytes apart.
struct Rows {
  const uint8_t* first;
  int64_t stride;
  const uint8_t* end;  // the end of the readable memory
};

// The source pixels that the taps of an axis read.
struct Range {
  int32_t begin, end;
};
Range range_of(const FixedTaps& taps) {
  const int32_t last = taps.first.back() + taps.count.back();
  return {std::min(taps.first.front(), taps.first.back()), std::max(taps.first.front() + taps.count.front(), last)};
}

// The horizontal pass: resamples `count` rows, which begin at source pixel 0, to rows of the output's width.
void resample_rows(uint8_t* out, int64_t out_stride, const Rows& from, int32_t count, int32_t channels,
                   const FixedTaps& taps, Scratch& scratch) {
  const FixedKernels& kernels = fixed_kernels();
  const auto width = static_cast<int32_t>(taps.first.size());
  for (int32_t band = 0; band < count; band += kFixedRows) {
    for (int32_t x = 0; x < width; x += kFixedBlock) {
      const int32_t last = std::min(width, x + kFixedBlock) - 1;
      // if the row is mirrored, the last output reads the first pixels
      const int32_t origin = std::min(taps.first[x], taps.first[last]);
      const int32_t end = std::max(taps.first[x] + taps.count[x], taps.first[last] + taps.count[last]);
      const int64_t bytes = int64_t{end - origin} * channels;
      const uint8_t* rows[kFixedRows];
      for (int32_t r = 0; r < kFixedRows; ++r) {
        // Rows beyond the last one repeat the last row; the kernel drops their results.
        rows[r] = from.first + std::min(band + r, count - 1) * from.stride + int64_t{origin} * channels;
      }
      uint8_t* const columns = bytes_of(scratch, round_up(bytes, kFixedRows) * kFixedRows);
      kernels.to_columns(columns, rows, bytes, from.end);
      const FixedColumns across = {taps.first.data() + x, taps.count.data() + x,
                                   taps.coefficients.data() + int64_t{x} * taps.length, taps.length, taps.padded};
      kernels.horizontal(out + band * out_stride + int64_t{x} * channels, out_stride,
                         std::min(kFixedRows, count - band), columns, origin, across, last + 1 - x, channels);
    }
  }
}

// The vertical pass: resamples rows of `bytes` bytes to the output's number of rows. `first` is source row 0.
void resample_columns(uint8_t* out, int64_t out_stride, const uint8_t* first, int64_t stride, int64_t bytes,
                      const FixedTaps& taps) {
  for (size_t y = 0; y < taps.first.size(); ++y) {
    const FixedSum sum = {taps.coefficients.data() + y * taps.length, taps.count[y], taps.padded};
    fixed_kernels().vertical(out + y * out_stride, first + taps.first[y] * stride, stride, sum, bytes);
  }
}

// Resamples horizontally first, but only the rows that the vertical pass reads.
void resample_across_and_down(const Source& source, int32_t channels, const FixedTaps& down, const FixedTaps& across,
                              uint8_t* out, ResampleScratch& scratch) {
  const Range range = range_of(down);
  const int64_t bytes = static_cast<int64_t>(across.first.size()) * channels;
  const int64_t stride = round_up(bytes, kFixedRows);
  uint8_t* const half = bytes_of(scratch.rows, (range.end - range.begin) * stride);
  const Rows from = {source.data + range.begin * source.stride, source.stride, source.end(channels)};
  resample_rows(half, stride, from, range.end - range.begin, channels, across, scratch.columns);
  resample_columns(out, bytes, half - range.begin * stride, stride, bytes, down);
}

// Resamples vertically first, but only the columns that the horizontal pass reads.
void resample_down_and_across(const Source& source, int32_t channels, const FixedTaps& down, const FixedTaps& across,
                              uint8_t* out, ResampleScratch& scratch) {
  const Range range = range_of(across);
  const auto height = static_cast<int32_t>(down.first.size());
  const int64_t bytes = int64_t{range.end - range.begin} * channels;
  const int64_t stride = round_up(bytes, kFixedRows);
  const uint8_t* first = source.data + int64_t{range.begin} * channels;
  int64_t source_stride = source.stride;
  // The kernel reads at least kFixedRows bytes of a row, so narrower rows are copied to longer ones.
  const int64_t copied = bytes < kFixedRows ? source.height : 0;
  uint8_t* const half = bytes_of(scratch.rows, (height + copied) * stride);
  if (copied > 0) {
    uint8_t* const copy = half + height * stride;
    for (int64_t y = 0; y < copied; ++y) std::memcpy(copy + y * stride, first + y * source_stride, bytes);
    first = copy;
    source_stride = stride;
  }
  resample_columns(half, stride, first, source_stride, bytes, down);
  // The rows begin at source pixel range.begin, but taps count from source pixel 0.
  const Rows from = {half - int64_t{range.begin} * channels, stride, half + height * stride};
  resample_rows(out, static_cast<int64_t>(across.first.size()) * channels, from, height, channels, across,
                scratch.columns);
}

template <int kChannels>
void pick_nearest(const Source& source, const FixedTaps& down, const FixedTaps& across, uint8_t* out) {
  for (const int32_t y : down.first) {
    const uint8_t* const row = source.data + y * source.stride;
    for (const int32_t x : across.first) {
      std::memcpy(out, row + int64_t{x} * kChannels, kChannels);
      out += kChannels;
    }
  }
}

void pick_nearest(const Source& source, int32_t channels, const FixedTaps& down, const FixedTaps& across,
                  uint8_t* out) {
  switch (channels) {
    case 1:
      return pick_nearest<1>(source, down, across, out);
    case 2:
      return pick_nearest<2>(source, down, across, out);
    case 3:
      return pick_nearest<3>(source, down, across, out);
    default:
      return pick_nearest<4>(source, down, across, out);
  }
}

class ResampleJob final : public CpuJob {
 public:
  explicit ResampleJob(const ResampleParams& params) : params_(params) {}

  int64_t tasks() const override { return params_.batch; }

  void run(int64_t begin, int64_t end) const override {
    ResampleScratch scratch;
    const int64_t size = int64_t{params_.height} * params_.width * params_.channels;
    const SourceArrays& from = params_.sources;
    for (int64_t i = begin; i < end; ++i) {
      resample_image(source_of(from.images[i], from.windows[i], from.sampling[i], params_.channels), params_.channels,
                     params_.height, params_.width, params_.mirror != nullptr && params_.mirror[i],
                     params_.out + i * size, scratch);
    }
  }

 private:
  const ResampleParams params_;
};

}  // namespace

void resample_image(const Source& source, int32_t channels, int32_t height, int32_t width, bool mirror, uint8_t* out,
                    ResampleScratch& scratch) {
  const FixedTaps down = taps_of(source, true, height);
  FixedTaps across = taps_of(source, false, width);
  if (mirror) reverse(across);
  if (source.filter == Filter::kNearest) return pick_nearest(source, channels, down, across, out);

  const auto resample = is_vertical_first(source, height, width) ? resample_down_and_across : resample_across_and_down;
  resample(source, channels, down, across, out, scratch);
}

bool is_vertical_first(const Source& source, int32_t height, int32_t width) {
  const int32_t lower = source.height - height, narrower = source.width - width;
  return lower > 0 && lower > int64_t{2} * narrower;
}

std::unique_ptr<CpuJob> resample_cpu(const ResampleParams& params) { return std::make_unique<ResampleJob>(params); }

void validate(const ResampleParams& params) {
  check_sources("resample", params.sources, params.batch, params.channels, params.height, params.width);
}

}  // namespace fastmix
