// Resamples a block's tile of one image through shared memory: vertical pass first, then horizontal. To get the same
// bits as the CPU kernels, it adds taps (weighted source pixels) in ascending order, rounds each product and each sum,
// and splits sums into partial sums of kTapsPerSum taps.
#pragma once

#include <cstdint>

#include "cuda/launch.h"
#include "cuda/vector_io.h"
#include "resample/filter_taps.h"
#include "resample/source_pixels.h"
#include "resample_mix/output_pixel.h"

namespace fastmix {

constexpr int kTileRows = 16;
constexpr int kTileColumns = 32;  // a warp writes one row
constexpr int kTileThreads = 256;
constexpr int kRowsPerThread = kTileRows * kTileColumns / kTileThreads;
// The vertical pass works on strips of kStripBytes source bytes and copies kStageRows source rows of a strip at a time
// to shared memory, the stage. A thread computes the sums of four neighbouring bytes.
constexpr int kStripBytes = kTileThreads;
constexpr int kStripWords = kStripBytes / 4;
constexpr int kStageRows = kTapsPerSum;
constexpr int kStagePitch = kStripBytes + 8;  // longer than a strip, since rows may start at any byte of a word
constexpr int kTableTaps = 16;                // taps per output column in the table of x_coefficients
constexpr int kTapPitch = kTableTaps + 1;     // odd, so that the lanes' columns begin in different banks

struct ResampleSample {
  Source source;
  uint32_t mirror;
  PixelWeight weight;
};

struct TileShared {
  alignas(16) float columns[kTileRows][kStripBytes];  // the result of the vertical pass
  TapSpan y[kTileRows];
  TapSpan x[kTileColumns];
  ResampleAxis y_axis, x_axis;
  SourceBytes image;
  int64_t stride;
  int y_slots, x_slots;  // log2 of the number of table entries per output: 3, 4 or 6
  float y_coefficients[kTileRows][kTapsPerSum];
  float x_coefficients[kTileColumns][kTapPitch];
  uint32_t stage[kStageRows][kStagePitch / 4];
};

struct alignas(16) FourColumns {
  float value[4];
};

template <int kChannels>
class TileResampler {
 public:
  static constexpr int kStripPixels = kStripBytes / kChannels;

  // `bias` is kByteBias, passed through the kernel's arguments for the reason that biased_byte() gives.
  __device__ __forceinline__ TileResampler(TileShared& shared, uint32_t bias) : shared_(shared), bias_(bias) {}

  // Computes the thread's pixels: values[i * kChannels + c] is channel c of the pixel in row y + threadIdx.y + 8 i and
  // column x + threadIdx.x of an output of height x width pixels. All threads of the block must call this.
  __device__ __forceinline__ void run(const ResampleSample& sample, int32_t height, int32_t width, int32_t y, int32_t x,
                                      float (&values)[kRowsPerThread * kChannels]) {
    __syncthreads();  // slower threads may still read the previous run's taps
    const bool mirror = sample.mirror != 0;
    find_taps(sample.source, mirror, height, width, y, x);
    __syncthreads();

    const TapSpan& left = shared_.x[mirror ? kTileColumns - 1 : 0];
    const TapSpan& right = shared_.x[mirror ? 0 : kTileColumns - 1];
    const int32_t end = right.first + right.count;
    // Usually the table holds all taps of a column. If not, it is filled anew for every kTableTaps source pixels.
    const bool tabled = 1 << shared_.x_slots <= kTableTaps;
    float sums[kRowsPerThread * kChannels] = {};
#pragma unroll
    for (int j = 0; j < kRowsPerThread * kChannels; ++j) values[j] = 0.0f;
    int32_t tap = 0;
#pragma unroll 1
    for (int32_t strip = left.first; strip < end; strip += kStripPixels) {
      const int32_t strip_end = smaller(strip + kStripPixels, end);
      vertical(strip, (strip_end - strip) * kChannels);
#pragma unroll 1
      for (int32_t part = strip; part < strip_end; part += tabled ? kStripPixels : kTableTaps) {
        __syncthreads();
        if (!tabled || part == left.first) {
          fill_columns(part, tabled);
          __syncthreads();
        }
        horizontal(strip, part, tabled ? strip_end : smaller(part + kTableTaps, strip_end), tabled, tap, sums, values);
      }
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

  static __device__ __forceinline__ int slots(const ResampleAxis& axis) {
    const double most = 2.0 * axis.reach + 2.0;
    return most <= 8.0 ? 3 : most <= 16.0 ? 4 : 6;
  }

  // One thread finds the taps of one row or one column of the tile, so only two warps divide in float64.
  __device__ __forceinline__ void find_taps(const Source& source, bool mirror, int32_t height, int32_t width, int32_t y,
                                            int32_t x) {
    const int thread = thread_index();
    if (thread >= 32 + kTileColumns || (thread >= kTileRows && thread < 32)) return;
    const bool down = thread < 32;
    const int32_t outputs = down ? height : width;
    const int32_t at = smaller(down ? y + thread : x + thread - 32, outputs - 1);
    const ResampleAxis axis =
        resample_axis(source.filter, down ? source.window.y : source.window.x,
                      down ? source.window.height : source.window.width, down ? source.height : source.width, outputs);
    (down ? shared_.y[thread] : shared_.x[thread - 32]) = tap_span(axis, !down && mirror ? outputs - 1 - at : at);
    if (thread == 32) {
      shared_.x_axis = axis;
      shared_.x_slots = slots(axis);
    }
    if (thread == 0) {
      shared_.y_axis = axis;
      shared_.y_slots = slots(axis);
      shared_.image = bytes_of(source, kChannels);
      shared_.stride = source.stride;
    }
  }

  // Fills the stage with source rows, and sums the output rows whose taps all lie in it. If an output row has more taps
  // than the stage has rows, sums it in several steps.
  __device__ __forceinline__ void vertical(int32_t strip, int32_t bytes) {
#pragma unroll 1
    for (int first = 0; first < kTileRows;) {
      const int32_t top = shared_.y[first].first;
      int last = first + 1;
      while (last < kTileRows && shared_.y[last].first + shared_.y[last].count - top <= kStageRows) ++last;
      const int32_t bottom = shared_.y[last - 1].first + shared_.y[last - 1].count;
#pragma unroll 1
      for (int32_t done = 0; top + done < bottom; done += kStageRows) {
        __syncthreads();  // slower threads may still read the stage and the columns
        fill_rows(first, last, done);
        fill_stage(top + done, smaller(kStageRows, bottom - top - done), strip, bytes);
        __syncthreads();
        const int word = thread_index() % kStripWords;
        if (4 * word < bytes) {
          for (int row = first + thread_index() / kStripWords; row < last; row += kTileThreads / kStripWords)
            sum_columns(row, word, top, done, strip);
        }
      }
      first = last;
    }
  }

  __device__ __forceinline__ void fill_rows(int first, int last, int32_t done) {
    static_assert(kTapsPerSum == 1 << 6);
    const int slots = shared_.y_slots;
#pragma unroll 1  // two filters at once would take too many registers
    for (int i = thread_index(); i < (last - first) << slots; i += kTileThreads) {
      const int row = first + (i >> slots), slot = i & ((1 << slots) - 1);
      const TapSpan& span = shared_.y[row];
      if (done + slot < span.count)
        shared_.y_coefficients[row][slot] = tap_coefficient(shared_.y_axis, span, done + slot);
    }
  }

  // Fills the table with the coefficients of all taps, or of kTableTaps source pixels from `begin` on.
  __device__ __forceinline__ void fill_columns(int32_t begin, bool all) {
    static_assert(kTableTaps == 1 << 4);
    const int slots = all ? shared_.x_slots : 4;
#pragma unroll 1
    for (int i = thread_index(); i < kTileColumns << slots; i += kTileThreads) {
      const int column = i >> slots, slot = i & ((1 << slots) - 1);
      const TapSpan& span = shared_.x[column];
      const int32_t tap = slot + (all ? 0 : begin - span.first);
      if (tap >= 0 && tap < span.count)
        shared_.x_coefficients[column][slot] = tap_coefficient(shared_.x_axis, span, tap);
    }
  }

  __device__ __forceinline__ const uint8_t* source(int32_t row, int32_t pixel) const {
    return shared_.image.begin + row * shared_.stride + static_cast<int64_t>(pixel) * kChannels;
  }

  __device__ __forceinline__ void fill_stage(int32_t top, int32_t rows, int32_t strip, int32_t bytes) {
    const int words = (bytes + 3) / 4 + 1;
    // A warp takes a row, so neighbouring lanes load neighbouring words.
    for (int row = threadIdx.y; row < rows; row += kTileThreads / kTileColumns) {
      const uint8_t* const from = source(top + row, strip);
      const uint8_t* const aligned = from - misalignment(from);
      const uint8_t* const needed = from + bytes;
      for (int word = threadIdx.x; word < words; word += kTileColumns) {
        if (aligned + 4 * word < needed) shared_.stage[row][word] = load_word_within(aligned + 4 * word, shared_.image);
      }
    }
  }

  // Computes four neighbouring bytes of output row `row`: adds its taps from tap `done` on, at most kTapsPerSum of
  // them, to the four sums.
  __device__ __forceinline__ void sum_columns(int row, int word, int32_t top, int32_t done, int32_t strip) {
    const int32_t first = shared_.y[row].first;
    const int32_t count = smaller(kTapsPerSum, shared_.y[row].count - done);
    // The stage's word for tap `done` of the row. If done > 0, the row has more taps than the stage has rows, and tap
    // `done` is in the stage's first row, since first == top.
    const uint32_t* stage = shared_.stage[first - top] + word;
    uint32_t start = misalignment(source(first + done, strip));
    const uint32_t stride = static_cast<uint32_t>(shared_.stride);
    FourColumns sum = {};
    for (int32_t tap = 0; tap < count; ++tap, start += stride, stage += kStagePitch / 4) {
      const Words<1> bytes = {{four_bytes(stage[0], stage[1], start)}};
      const float coefficient = shared_.y_coefficients[row][tap];
#pragma unroll
      for (int j = 0; j < 4; ++j) sum.value[j] += coefficient * (biased_byte(bytes, j, bias_) - biased(0));
    }
    FourColumns& columns = *reinterpret_cast<FourColumns*>(&shared_.columns[row][4 * word]);
    if (done > 0) {
#pragma unroll
      for (int j = 0; j < 4; ++j) sum.value[j] = columns.value[j] + sum.value[j];
    }
    columns = sum;
  }

  // Adds the taps whose source pixels lie in [begin, end) to the thread's outputs. `tap` is the first tap that has not
  // been added yet. shared_.columns begin at source pixel `strip`.
  __device__ __forceinline__ void horizontal(int32_t strip, int32_t begin, int32_t end, bool tabled, int32_t& tap,
                                             float (&sums)[kRowsPerThread * kChannels],
                                             float (&totals)[kRowsPerThread * kChannels]) {
    const TapSpan& span = shared_.x[threadIdx.x];
    const int32_t stop = smaller(span.count, end - span.first);
    const int32_t shift = tabled ? 0 : span.first - begin;
    for (; tap < stop; ++tap) {
      const float coefficient = shared_.x_coefficients[threadIdx.x][tap + shift];
      const int32_t at = (span.first + tap - strip) * kChannels;
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
  const uint32_t bias_;
};

}  // namespace fastmix
