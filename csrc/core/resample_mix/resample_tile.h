// Resamples a block's tile of one image through shared memory: vertical pass first, then horizontal. The sums are those
// of the CPU kernels: ascending taps, each product and sum rounded, partial sums of kTapsPerSum taps.
#pragma once

#include <cstdint>

#include "cuda/launch.h"
#include "cuda/vector_io.h"
#include "resample/filter_taps.h"

namespace fastmix {

constexpr int kTileRows = 16;
constexpr int kTileColumns = 32;  // a warp writes one row
constexpr int kTileThreads = 256;
constexpr int kRowsPerThread = kTileRows * kTileColumns / kTileThreads;
// The vertical pass takes strips of this many source bytes, one per thread, and stages this many source rows.
constexpr int kStripBytes = kTileThreads;
constexpr int kStageRows = kTapsPerSum;
constexpr int kStagePitch = kStripBytes + 8;  // rows start at any byte of an aligned word
constexpr int kTableTaps = 16;                // the table's taps per output; more are computed on use

// What a pixel's own weight depends on: nothing, since the sample is not mixed; the box; the mask.
enum class WeightOf : uint32_t { kNothing, kBox, kMask };

struct ResampleSample {
  Source source;
  uint32_t mirror;
  WeightOf weight_of;
  float inside, outside;
  int32_t y0, x0, y1, x1;  // the box; the mask's index is y0
};

struct TileShared {
  TapSpan y[kTileRows];
  TapSpan x[kTileColumns];
  float columns[kTileRows][kStripBytes];  // after the vertical pass
  float y_coefficients[kTileRows][kTapsPerSum];
  float x_coefficients[kTileColumns][kTableTaps];
  uint32_t stage[kStageRows][kStagePitch / 4];
};

// Loads an aligned word. Bytes outside [begin, end), the image, are 0 and not read.
__device__ __forceinline__ uint32_t load_word_within(const uint8_t* word, const uint8_t* begin, const uint8_t* end) {
  if (word >= begin && word + 4 <= end) return load_global<4>(word).word[0];
  uint32_t value = 0;
#pragma unroll 1
  for (int j = 0; j < 4; ++j) {
    if (word + j >= begin && word + j < end) value |= load_global<1>(word + j).word[0] << (8 * j);
  }
  return value;
}

template <int kChannels>
class TileResampler {
 public:
  static constexpr int kStripPixels = kStripBytes / kChannels;

  __device__ __forceinline__ TileResampler(TileShared& shared, const ResampleSample& sample, int32_t height,
                                           int32_t width)
      : shared_(shared),
        image_(sample.source.data),
        stride_(sample.source.stride),
        end_(image_ + (sample.source.height - 1) * stride_ + static_cast<int64_t>(sample.source.width) * kChannels),
        y_axis_(resample_axis(sample.source.filter, sample.source.window.y, sample.source.window.height,
                              sample.source.height, height)),
        x_axis_(resample_axis(sample.source.filter, sample.source.window.x, sample.source.window.width,
                              sample.source.width, width)),
        last_row_(height - 1),
        last_column_(width - 1),
        mirror_(sample.mirror != 0) {}

  // values[i * kChannels + c] is row y + threadIdx.y + 8 i, column x + threadIdx.x. All threads of the block must call
  // this.
  __device__ __forceinline__ void run(int32_t y, int32_t x, float (&values)[kRowsPerThread * kChannels]) {
    const int thread = thread_index();
    __syncthreads();  // slower threads may still read the previous run's taps
    if (thread < kTileRows) {
      shared_.y[thread] = tap_span(y_axis_, smaller(y + thread, last_row_));
    } else if (thread >= 32 && thread < 32 + kTileColumns) {
      const int32_t column = smaller(x + thread - 32, last_column_);
      shared_.x[thread - 32] = tap_span(x_axis_, mirror_ ? last_column_ - column : column);
    }
    __syncthreads();
    for (int i = thread; i < kTileColumns * kTableTaps; i += kTileThreads) {
      const TapSpan& span = shared_.x[i / kTableTaps];
      if (i % kTableTaps < span.count)
        shared_.x_coefficients[i / kTableTaps][i % kTableTaps] = tap_coefficient(x_axis_, span, i % kTableTaps);
    }

    const TapSpan& left = shared_.x[mirror_ ? kTileColumns - 1 : 0];
    const TapSpan& right = shared_.x[mirror_ ? 0 : kTileColumns - 1];
    const int32_t end = right.first + right.count;
    float sums[kRowsPerThread * kChannels] = {};
#pragma unroll
    for (int j = 0; j < kRowsPerThread * kChannels; ++j) values[j] = 0.0f;
    int32_t tap = 0;
#pragma unroll 1
    for (int32_t strip = left.first; strip < end; strip += kStripPixels) {
      const int32_t pixels = smaller(kStripPixels, end - strip);
      vertical(strip, pixels * kChannels);
      __syncthreads();
      horizontal(strip, strip + pixels, tap, sums, values);
    }
#pragma unroll
    for (int j = 0; j < kRowsPerThread * kChannels; ++j) {
      const float total = values[j] + sums[j];
      const float positive = total > 0.0f ? total : 0.0f;
      values[j] = positive < 255.0f ? positive : 255.0f;
    }
  }

 private:
  static __device__ __forceinline__ int thread_index() { return threadIdx.y * kTileColumns + threadIdx.x; }
  static __device__ __forceinline__ int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

  // Takes as many rows at a time as fit the stage with their taps. Sums a row of more taps in several stages.
  __device__ __forceinline__ void vertical(int32_t strip, int32_t bytes) {
#pragma unroll 1
    for (int first = 0; first < kTileRows;) {
      const int32_t top = shared_.y[first].first;
      int last = first + 1;
      while (last < kTileRows && shared_.y[last].first + shared_.y[last].count - top <= kStageRows) ++last;
      const int32_t bottom = shared_.y[last - 1].first + shared_.y[last - 1].count;
#pragma unroll 1
      for (int32_t done = 0; top + done < bottom; done += kStageRows) {
        fill_coefficients(first, last, done);
        fill_stage(top + done, smaller(kStageRows, bottom - top - done), strip, bytes);
        __syncthreads();
        if (thread_index() < bytes) {
          for (int row = first; row < last; ++row) sum_column(row, top, done, strip);
        }
        __syncthreads();  // the next turn refills the stage
      }
      first = last;
    }
  }

  __device__ __forceinline__ void fill_coefficients(int first, int last, int32_t done) {
    for (int i = thread_index(); i < (last - first) * kTapsPerSum; i += kTileThreads) {
      const int row = first + i / kTapsPerSum;
      const int32_t tap = done + i % kTapsPerSum;
      const TapSpan& span = shared_.y[row];
      if (tap < span.count) shared_.y_coefficients[row][i % kTapsPerSum] = tap_coefficient(y_axis_, span, tap);
    }
  }

  __device__ __forceinline__ const uint8_t* source(int32_t row, int32_t pixel) const {
    return image_ + row * stride_ + static_cast<int64_t>(pixel) * kChannels;
  }
  static __device__ __forceinline__ uint32_t misalignment(const uint8_t* address) {
    return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(address)) & 3u;
  }

  __device__ __forceinline__ void fill_stage(int32_t top, int32_t rows, int32_t strip, int32_t bytes) {
    const int words = (bytes + 3) / 4 + 1;
    // A warp takes a row, so neighbouring lanes load neighbouring words.
    for (int row = threadIdx.y; row < rows; row += kTileThreads / kTileColumns) {
      const uint8_t* const from = source(top + row, strip);
      const uint8_t* const aligned = from - misalignment(from);
      const uint8_t* const needed = from + bytes;
      for (int word = threadIdx.x; word < words; word += kTileColumns) {
        if (aligned + 4 * word < needed) shared_.stage[row][word] = load_word_within(aligned + 4 * word, image_, end_);
      }
    }
  }

  // Adds up to kTapsPerSum taps, from `done` on, to the thread's source column.
  __device__ __forceinline__ void sum_column(int row, int32_t top, int32_t done, int32_t strip) {
    const int32_t first = shared_.y[row].first;
    const int32_t count = smaller(kTapsPerSum, shared_.y[row].count - done);
    const int32_t at = first - top;  // the row's first tap in the stage; 0 if the row takes several stages
    const uint8_t* const stage = reinterpret_cast<const uint8_t*>(shared_.stage) + thread_index();
    uint32_t start = misalignment(source(first + done, strip));
    const uint32_t stride = static_cast<uint32_t>(stride_);
    float sum = 0.0f;
    for (int32_t tap = 0; tap < count; ++tap, start += stride) {
      const float pixel = static_cast<float>(stage[(at + tap) * kStagePitch + (start & 3u)]);
      sum += shared_.y_coefficients[row][tap] * pixel;
    }
    float& column = shared_.columns[row][thread_index()];
    column = done == 0 ? sum : column + sum;
  }

  // Adds the taps with source pixels in [begin, end) to the thread's outputs. `tap` is the next tap.
  __device__ __forceinline__ void horizontal(int32_t begin, int32_t end, int32_t& tap,
                                             float (&sums)[kRowsPerThread * kChannels],
                                             float (&totals)[kRowsPerThread * kChannels]) {
    const TapSpan& span = shared_.x[threadIdx.x];
    const int32_t stop = smaller(span.count, end - span.first);
    const bool tabled = span.count <= kTableTaps;
    for (; tap < stop; ++tap) {
      const float coefficient = tabled ? shared_.x_coefficients[threadIdx.x][tap] : tap_coefficient(x_axis_, span, tap);
      const int32_t at = (span.first + tap - begin) * kChannels;
      const bool restart = tap > 0 && tap % kTapsPerSum == 0;
#pragma unroll
      for (int i = 0; i < kRowsPerThread; ++i) {
        const float* const columns = shared_.columns[threadIdx.y + i * (kTileThreads / kTileColumns)] + at;
#pragma unroll
        for (int c = 0; c < kChannels; ++c) {
          const int j = i * kChannels + c;
          const float product = coefficient * columns[c];
          if (restart) {
            totals[j] += sums[j];
            sums[j] = product;
          } else {
            sums[j] += product;
          }
        }
      }
    }
  }

  TileShared& shared_;
  const uint8_t* const image_;
  const int64_t stride_;
  const uint8_t* const end_;
  const ResampleAxis y_axis_, x_axis_;
  const int32_t last_row_, last_column_;
  const bool mirror_;
};

}  // namespace fastmix
