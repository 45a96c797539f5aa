// Resamples a block's tile of one image to uint8 with Pillow's two passes. Sums are integers in fixed point, so their
// terms may be added in any order. The tile is computed in turns. In each turn, the first pass resamples up to
// kTileLines source lines along the first axis, and the second pass adds these lines to the sums of the tile's pixels:
//
//   image --words--> stage[line][pixel] --first pass--> levels[line][output of the first axis] --second pass--> sums
//
// The stage and the levels hold each pixel in one word, so that one load from shared memory reads all its channels.
#pragma once

#include <cstdint>

#include "cuda/launch.h"
#include "cuda/vector_io.h"
#include "resample/filter_taps.h"
#include "resample/source_pixels.h"

namespace fastmix {

constexpr int kFixedTileRows = 16;
constexpr int kFixedTileColumns = 32;
constexpr int kFixedTileThreads = 256;
constexpr int kFixedWarps = kFixedTileThreads / 32;
constexpr int kFixedRowsPerThread = kFixedTileRows * kFixedTileColumns / kFixedTileThreads;
constexpr int kTileLines = 16;               // more would take too many registers
constexpr int kStagePixels = 128;            // room for the taps of kFixedTileColumns outputs at scales up to 3.5
constexpr int kTableTaps = 32;               // room for this many coefficients per output
constexpr int kTablePitch = kTableTaps + 1;  // odd, so that the lanes' rows begin in different banks

struct FixedSource {
  Source source;
  uint32_t mirror, vertical_first;
};

// One axis of the tile. The table `coefficients` covers all taps of an output. If it has no room for that, it covers
// kTileLines source pixels at a time. nvcc writes pairs of doubles with one store, which must be aligned to 16 bytes.
struct alignas(16) FixedTileAxis {
  ResampleAxis axis;
  int32_t slots;  // log2 of the number of table entries per output: 3, 4 or 5
  int32_t whole;  // 1 if the table covers all taps of every output
  TapSpan spans[kFixedTileColumns];
  double sums[kFixedTileColumns];  // the sum of each output's raw coefficients
  int32_t coefficients[kFixedTileColumns][kTablePitch];
};
static_assert(kFixedTileRows <= kFixedTileColumns && kTileLines == 1 << 4);

struct FixedTileShared {
  FixedTileAxis x, y;
  uint32_t levels[kTileLines][kFixedTileColumns + 1];
  alignas(16) uint32_t stage[kTileLines * kStagePixels];
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

  // Computes the thread's pixels: levels[i * kChannels + c] is channel c of the pixel in row y + thread / 32 + 8 i and
  // column x + thread % 32 of an output of height x width pixels. All threads of the block must call this. Afterwards
  // the caller may overwrite the stage.
  __device__ __forceinline__ void run(int32_t height, int32_t width, int32_t y, int32_t x,
                                      int32_t (&levels)[kFixedRowsPerThread * kChannels]) {
    __syncthreads();  // slower threads may still read the previous tile's spans
    find_spans(height, width, y, x);
    __syncthreads();
    FixedTileAxis& second = vertical_first_ ? shared_.x : shared_.y;
    const int outputs = vertical_first_ ? kFixedTileColumns : kFixedTileRows;
    const Range range = range_of(second, outputs);
#pragma unroll
    for (int j = 0; j < kFixedRowsPerThread * kChannels; ++j) levels[j] = kHalfUnit;
#pragma unroll 1
    for (int32_t line = range.begin; line < range.end; line += kTileLines) {
      const int32_t lines = lesser(kTileLines, range.end - line);
      const bool fresh = line == range.begin;
      if (vertical_first_) {
        first_pass<true>(line, lines, fresh);
      } else {
        first_pass<false>(line, lines, fresh);
      }
      if (fresh || second.whole == 0) fill_table(second, outputs, line);
      __syncthreads();
      second_pass(second, line, lines, levels);
    }
#pragma unroll
    for (int j = 0; j < kFixedRowsPerThread * kChannels; ++j) levels[j] = fixed_level(levels[j]);
  }

 private:
  // The source pixels begin ... end - 1 along an axis.
  struct Range {
    int32_t begin, end;
  };

  static constexpr int32_t kHalfUnit = 1 << (kFixedBits - 1);
  static __device__ __forceinline__ int thread() { return static_cast<int>(threadIdx.x); }
  static __device__ __forceinline__ int lane() { return thread() % 32; }
  static __device__ __forceinline__ int warp() { return thread() / 32; }

  // One thread finds the taps of one row or one column of the tile, so only two warps compute in float64.
  __device__ __forceinline__ void find_spans(int32_t height, int32_t width, int32_t y, int32_t x) {
    const int output = lane();
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
    if (output == 0) {
      const double most = 2.0 * axis.reach + 2.0;
      to.axis = axis;
      to.whole = most <= kTableTaps ? 1 : 0;
      to.slots = most <= 8.0 ? 3 : most <= 16.0 || to.whole == 0 ? 4 : 5;
    }
  }

  static __device__ __forceinline__ Range range_of(const FixedTileAxis& axis, int outputs) {
    const TapSpan &front = axis.spans[0], &back = axis.spans[outputs - 1];
    return {lesser(front.first, back.first), greater(front.first + front.count, back.first + back.count)};
  }

  static __device__ __forceinline__ int32_t coefficient(const FixedTileAxis& axis, int output, int32_t tap) {
    if (axis.axis.filter == Filter::kNearest) return 1 << kFixedBits;
    return fixed_coefficient(raw_coefficient(axis.axis, axis.spans[output], tap), axis.sums[output]);
  }

  // Fills the table with the coefficients of all taps, or of kTileLines source pixels from `begin` on.
  static __device__ __forceinline__ void fill_table(FixedTileAxis& axis, int outputs, int32_t begin) {
    const int slots = axis.slots;
#pragma unroll 1
    for (int i = thread(); i < outputs << slots; i += kFixedTileThreads) {
      const int output = i >> slots, slot = i & ((1 << slots) - 1);
      const int32_t tap = slot - shift_of(axis, output, begin);
      if (tap >= 0 && tap < axis.spans[output].count) axis.coefficients[output][slot] = coefficient(axis, output, tap);
    }
  }

  // The table index of an output's first tap, after fill_table() with this `begin`.
  static __device__ __forceinline__ int32_t shift_of(const FixedTileAxis& axis, int output, int32_t begin) {
    return axis.whole != 0 ? 0 : axis.spans[output].first - begin;
  }

  // The first of the two passes over the tile. With kDown it resamples the source columns `line` to `line + lines - 1`
  // vertically, otherwise the source rows with these indices horizontally. `fresh` is true in the first call for a
  // tile.
  template <bool kDown>
  __device__ __forceinline__ void first_pass(int32_t line, int32_t lines, bool fresh) {
    constexpr int kOutputs = kDown ? kFixedTileRows : kFixedTileColumns;
    constexpr int kEach = kTileLines * kOutputs / kFixedTileThreads;  // number of lines per thread, kStep apart
    constexpr int kStep = kFixedTileThreads / kOutputs;
    const int output = kDown ? thread() / kTileLines : lane(), first = kDown ? thread() % kTileLines : warp();
    FixedTileAxis& axis = kDown ? shared_.y : shared_.x;
    const Range range = range_of(axis, kOutputs);
    const int32_t most = axis.whole != 0 ? kStagePixels : kTileLines;  // number of pixels of a line per step
    int32_t sums[kEach * kChannels];
#pragma unroll
    for (int j = 0; j < kEach * kChannels; ++j) sums[j] = kHalfUnit;
#pragma unroll 1
    for (int32_t pixel = range.begin; pixel < range.end; pixel += most) {
      const Range strip = {pixel, lesser(pixel + most, range.end)};
      __syncthreads();  // slower threads may still read the stage, the table, or the previous levels
      if (axis.whole == 0 || (fresh && pixel == range.begin)) {
        // Keeps the sums in the stage, which is unused now: fill_table() computes in float64 and leaves too few
        // registers for them.
#pragma unroll
        for (int j = 0; j < kEach * kChannels; ++j) parked(j) = sums[j];
        fill_table(axis, kOutputs, pixel);
#pragma unroll
        for (int j = 0; j < kEach * kChannels; ++j) sums[j] = parked(j);
        __syncthreads();
      }
      if (kDown) {
        fill_stage<kTileLines>(pixel, strip.end - pixel, line, lines);
      } else {
        fill_stage<kStagePixels>(line, lines, pixel, strip.end - pixel);
      }
      __syncthreads();
      add_taps<kEach, kDown ? kTileLines : 1, kStep * kStagePixels>(
          axis, output, strip, first * (kDown ? 1 : kStagePixels), (lines - first + kStep - 1) / kStep, sums);
    }
#pragma unroll
    for (int j = 0; j < kEach; ++j) {
      uint32_t pixel = 0;
#pragma unroll
      for (int c = 0; c < kChannels; ++c)
        pixel |= static_cast<uint32_t>(fixed_level(sums[j * kChannels + c])) << (8 * c);
      shared_.levels[first + j * kStep][output] = pixel;
    }
  }

  __device__ __forceinline__ int32_t& parked(int j) {
    static_assert(kTileLines * kFixedTileColumns * kChannels <= kTileLines * kStagePixels);
    return reinterpret_cast<int32_t*>(shared_.stage)[j * kFixedTileThreads + thread()];
  }

  // Copies `pixels` pixels of `rows` source rows to the stage. Neighbouring lanes load neighbouring words.
  template <int kPitch>
  __device__ __forceinline__ void fill_stage(int32_t row, int32_t rows, int32_t pixel, int32_t pixels) {
    constexpr int kLanes = kPitch > 32 ? 32 : kPitch / 4;  // number of lanes that load one row
    static_assert(kPitch % 4 == 0 && 4 * kLanes >= kPitch);
    const SourceBytes bytes = bytes_of(source_, kChannels);
    const int first = 4 * (thread() % kLanes);
    if (first >= pixels) return;
#pragma unroll 1
    for (int r = thread() / kLanes; r < rows; r += kFixedTileThreads / kLanes) {
      const uint8_t* const from = source_.data + (row + r) * source_.stride;
      *reinterpret_cast<FourPixels*>(shared_.stage + r * kPitch + first) =
          load_four_pixels<kChannels>(from + static_cast<int64_t>(pixel + first) * kChannels, pixels - first, bytes);
    }
  }

  // Adds taps of one output, in `count` lines: sums[j * kChannels + c] is the sum for channel c in line j. It adds only
  // the taps whose source pixels lie in `strip`. Line j begins at stage[at + j * kLineStep], and neighbouring pixels of
  // a line are kPixelStep words apart.
  template <int kLines, int kPixelStep, int kLineStep>
  __device__ __forceinline__ void add_taps(const FixedTileAxis& axis, int output, const Range& strip, int at,
                                           int32_t count, int32_t* sums) {
    const TapSpan& span = axis.spans[output];
    const int32_t shift = shift_of(axis, output, strip.begin);
    const int32_t begin = greater(strip.begin - span.first, 0), end = lesser(span.count, strip.end - span.first);
    const uint32_t* from = shared_.stage + at + (span.first + begin - strip.begin) * kPixelStep;
#pragma unroll 1
    for (int32_t tap = begin; tap < end; ++tap, from += kPixelStep) {
      const int32_t coefficient = axis.coefficients[output][tap + shift];
#pragma unroll
      for (int j = 0; j < kLines; ++j) {
        if (j < count) add_pixel(coefficient, from[j * kLineStep], sums + j * kChannels);
      }
    }
  }

  static __device__ __forceinline__ void add_pixel(int32_t coefficient, uint32_t pixel, int32_t* sums) {
#pragma unroll
    for (int c = 0; c < kChannels; ++c) sums[c] += coefficient * static_cast<int32_t>(pixel >> (8 * c) & 255u);
  }

  __device__ __forceinline__ void second_pass(const FixedTileAxis& axis, int32_t line, int32_t lines,
                                              int32_t (&levels)[kFixedRowsPerThread * kChannels]) {
#pragma unroll
    for (int i = 0; i < kFixedRowsPerThread; ++i) {
      const int y = warp() + i * kFixedWarps;
      const int output = vertical_first_ ? lane() : y, other = vertical_first_ ? y : lane();
      const TapSpan& span = axis.spans[output];
      const int32_t shift = shift_of(axis, output, line) + line - span.first;
      const int32_t begin = greater(span.first - line, 0), end = lesser(span.first + span.count - line, lines);
#pragma unroll 1
      for (int32_t k = begin; k < end; ++k)
        add_pixel(axis.coefficients[output][k + shift], shared_.levels[k][other], levels + i * kChannels);
    }
  }

  FixedTileShared& shared_;
  const Source& source_;
  const bool vertical_first_, mirror_;
};

}  // namespace fastmix
