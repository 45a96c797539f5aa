// Resamples a block's tile of one image to uint8 with Pillow's two passes. Sums are integers in fixed point, so parts
// of them may be added in any order. Along the second axis the first pass makes kTileLines source lines at a time:
//
//   source lines --first pass--> sums[line][output of the first axis] --second pass--> parts of the outputs' sums
#pragma once

#include <cstdint>

#include "cuda/launch.h"
#include "cuda/vector_io.h"
#include "resample/filter_taps.h"

namespace fastmix {

constexpr int kFixedTileRows = 16;
constexpr int kFixedTileColumns = 32;
constexpr int kFixedTileThreads = 256;
constexpr int kFixedRowsPerThread = kFixedTileRows * kFixedTileColumns / kFixedTileThreads;
constexpr int kTileLines = 32;
constexpr int kFirstTaps = 16;  // in the first pass's table, per output

struct FixedSource {
  Source source;
  uint32_t mirror, vertical_first;
};

// One axis of the tile. The coefficients are those of the first pass's taps, or those of the second pass's lines. nvcc
// writes pairs of doubles with one store, which has to be aligned to 16 bytes.
struct alignas(16) FixedTileAxis {
  ResampleAxis axis;
  TapSpan spans[kFixedTileColumns];
  double sums[kFixedTileColumns];  // of raw coefficients
  int32_t coefficients[kFixedTileColumns][kTileLines];
};
static_assert(kFirstTaps <= kTileLines && kFixedTileRows <= kFixedTileColumns);

struct FixedTileShared {
  FixedTileAxis x, y;
  int32_t sums[kTileLines * kFixedTileColumns * kMaxChannels];
};

__device__ __forceinline__ int32_t lesser(int32_t a, int32_t b) { return a < b ? a : b; }
__device__ __forceinline__ int32_t greater(int32_t a, int32_t b) { return a > b ? a : b; }

template <int kChannels>
class FixedTile {
 public:
  __device__ __forceinline__ FixedTile(FixedTileShared& shared, const FixedSource& sample)
      : shared_(shared),
        source_(sample.source),
        vertical_first_(sample.vertical_first != 0),
        mirror_(sample.mirror != 0) {}

  // levels[i * kChannels + c] is row y + thread / 32 + 8 i, column x + thread % 32, of height x width pixels. All
  // threads of the block must call this.
  __device__ __forceinline__ void run(int32_t height, int32_t width, int32_t y, int32_t x,
                                      int32_t (&levels)[kFixedRowsPerThread * kChannels]) {
    __syncthreads();  // slower threads may still read the previous tile's coefficients
    find_spans(height, width, y, x);
    __syncthreads();
    FixedTileAxis& second = vertical_first_ ? shared_.x : shared_.y;
    const int last = (vertical_first_ ? kFixedTileColumns : kFixedTileRows) - 1;
    const TapSpan &front = second.spans[0], &back = second.spans[last];
    const int32_t begin = lesser(front.first, back.first);
    const int32_t end = greater(front.first + front.count, back.first + back.count);
#pragma unroll
    for (int j = 0; j < kFixedRowsPerThread * kChannels; ++j) levels[j] = kHalfUnit;
#pragma unroll 1
    for (int32_t line = begin; line < end; line += kTileLines) {
      const int32_t lines = lesser(kTileLines, end - line);
      fill_second(second, last + 1, line, lines);
      first_pass(line, lines, line == begin);
      __syncthreads();
      second_pass(second, line, lines, levels);
      __syncthreads();
    }
#pragma unroll
    for (int j = 0; j < kFixedRowsPerThread * kChannels; ++j) levels[j] = fixed_level(levels[j]);
  }

 private:
  static constexpr int32_t kHalfUnit = 1 << (kFixedBits - 1);
  static __device__ __forceinline__ int thread() { return static_cast<int>(threadIdx.x); }

  // One thread per row and column of the tile. Only these warps divide in float64.
  __device__ __forceinline__ void find_spans(int32_t height, int32_t width, int32_t y, int32_t x) {
    const int output = thread() % 32;
    if (thread() >= 64 || (thread() >= 32 && output >= kFixedTileRows)) return;
    const bool down = thread() >= 32;
    const Window& window = source_.window;
    const int32_t outputs = down ? height : width, at = lesser((down ? y : x) + output, outputs - 1);
    const ResampleAxis axis =
        resample_axis(source_.filter, down ? window.y : window.x, down ? window.height : window.width,
                      down ? source_.height : source_.width, outputs);
    FixedTileAxis& to = down ? shared_.y : shared_.x;
    to.spans[output] = unnormalized_span(axis, !down && mirror_ ? outputs - 1 - at : at);
    to.sums[output] = axis.filter == Filter::kNearest ? 1.0 : sum_of_taps(axis, to.spans[output]);
    if (output == 0) to.axis = axis;
  }

  static __device__ __forceinline__ int32_t coefficient(const FixedTileAxis& axis, int output, int32_t tap) {
    const TapSpan& span = axis.spans[output];
    if (tap < 0 || tap >= span.count) return 0;
    if (axis.axis.filter == Filter::kNearest) return 1 << kFixedBits;
    return fixed_coefficient(raw_coefficient(axis.axis, span, tap), axis.sums[output]);
  }

  // Of the source lines from `line` on.
  __device__ __forceinline__ void fill_second(FixedTileAxis& axis, int outputs, int32_t line, int32_t lines) {
#pragma unroll 1
    for (int i = thread(); i < outputs * kTileLines; i += kFixedTileThreads) {
      const int output = i / kTileLines, k = i % kTileLines;
      const int32_t tap = line + k - axis.spans[output].first;
      if (k < lines) axis.coefficients[output][k] = coefficient(axis, output, tap);
    }
  }

  // Of the taps from `tap` on.
  __device__ __forceinline__ void fill_first(FixedTileAxis& axis, int outputs, int32_t tap) {
#pragma unroll 1
    for (int i = thread(); i < outputs * kFirstTaps; i += kFixedTileThreads) {
      const int output = i / kFirstTaps, k = i % kFirstTaps;
      if (tap + k < axis.spans[output].count) axis.coefficients[output][k] = coefficient(axis, output, tap + k);
    }
  }

  // Usually the table holds all taps, and is filled once.
  __device__ __forceinline__ void first_pass(int32_t line, int32_t lines, bool fresh) {
    FixedTileAxis& axis = vertical_first_ ? shared_.y : shared_.x;
    const int outputs = vertical_first_ ? kFixedTileRows : kFixedTileColumns;
    const auto most = static_cast<int32_t>(2.0 * axis.axis.reach + 2.0);
#pragma unroll 1
    for (int32_t tap = 0; tap < most; tap += kFirstTaps) {
      if (fresh || most > kFirstTaps) {
        __syncthreads();
        fill_first(axis, outputs, tap);
      }
      __syncthreads();
      // Neighbouring threads read neighbouring pixels.
#pragma unroll 1
      for (int i = thread(); i < kTileLines * outputs; i += kFixedTileThreads) {
        const int output = vertical_first_ ? i / kTileLines : i % kFixedTileColumns;
        const int k = vertical_first_ ? i % kTileLines : i / kFixedTileColumns;
        if (k < lines) add_taps(axis, output, line, k, tap);
      }
    }
  }

  __device__ __forceinline__ void add_taps(const FixedTileAxis& axis, int output, int32_t line, int k, int32_t tap) {
    const TapSpan& span = axis.spans[output];
    int32_t (&sums)[kChannels] = sums_at(k, output);
    int32_t sum[kChannels];
#pragma unroll
    for (int c = 0; c < kChannels; ++c) sum[c] = tap == 0 ? kHalfUnit : sums[c];
    const int32_t row = vertical_first_ ? span.first + tap : line + k;
    const int32_t column = vertical_first_ ? line + k : span.first + tap;
    const uint8_t* from = source_.data + row * source_.stride + static_cast<int64_t>(column) * kChannels;
    const int64_t step = vertical_first_ ? source_.stride : kChannels;
    const int32_t taps = lesser(kFirstTaps, span.count - tap);
#pragma unroll 1
    for (int32_t t = 0; t < taps; ++t, from += step) {
      const int32_t coefficient = axis.coefficients[output][t];
#pragma unroll
      for (int c = 0; c < kChannels; ++c)
        sum[c] += coefficient * static_cast<int32_t>(load_global<1>(from + c).word[0]);
    }
#pragma unroll
    for (int c = 0; c < kChannels; ++c) sums[c] = sum[c];
  }

  __device__ __forceinline__ int32_t (&sums_at(int k, int output)) [kChannels] {
    return *reinterpret_cast<int32_t (*)[kChannels]>(shared_.sums + (k * kFixedTileColumns + output) * kChannels);
  }

  __device__ __forceinline__ void second_pass(const FixedTileAxis& axis, int32_t line, int32_t lines,
                                              int32_t (&levels)[kFixedRowsPerThread * kChannels]) {
    const int x = thread() % kFixedTileColumns;
#pragma unroll
    for (int i = 0; i < kFixedRowsPerThread; ++i) {
      const int y = thread() / kFixedTileColumns + i * (kFixedTileThreads / kFixedTileColumns);
      const int output = vertical_first_ ? x : y, other = vertical_first_ ? y : x;
      const TapSpan& span = axis.spans[output];
      const int32_t begin = greater(span.first - line, 0), end = lesser(span.first + span.count - line, lines);
#pragma unroll 1
      for (int32_t k = begin; k < end; ++k) {
        const int32_t coefficient = axis.coefficients[output][k];
        const int32_t (&sums)[kChannels] = sums_at(k, other);
#pragma unroll
        for (int c = 0; c < kChannels; ++c) levels[i * kChannels + c] += coefficient * fixed_level(sums[c]);
      }
    }
  }

  FixedTileShared& shared_;
  const Source& source_;
  const bool vertical_first_, mirror_;
};

}  // namespace fastmix
