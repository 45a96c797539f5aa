// Mixes, normalises and casts rows of uint8 pixels, and writes them to the batch. normalize_mix and the augmented
// resample_mix use this class.
#pragma once

#include <cstdint>
#include <vector>

#include "normalize_mix/normalize_kernels.h"
#include "normalize_mix/normalize_mix.h"
#include "simd/kernels.h"
#include "simd/mask_rows.h"

namespace fastmix {

// One row of an image: channels `stride` bytes apart (NCHW), or interleaved pixels (NHWC).
struct PixelRow {
  const uint8_t* first;
  int64_t stride;
};

// Where a row is written: channels `plane` bytes apart (NCHW), or interleaved pixels (NHWC).
struct OutputRow {
  unsigned char* first;
  int64_t plane;
};

class NormalizedRows {
 public:
  // Does not use params.in and params.mirror: write() gets the rows instead.
  explicit NormalizedRows(const NormalizeMixParams& params);

  struct Scratch {
    std::vector<uint8_t> out;
    MaskRows::Scratch levels;
  };

  // Writes row y of a sample to the batch. Calls patch(output), which may change the mixed row while it is in cache. If
  // the batch is large, builds the row in `scratch` and then copies it to the batch with stores that bypass the caches.
  template <typename Patch>
  void write(int32_t sample, int64_t y, const PixelRow& own, const PixelRow& partner, Scratch& scratch,
             const Patch& patch) const {
    const OutputRow out = output(sample, y);
    if (!stream_) {
      mix(sample, y, own, partner, out, scratch.levels);
      return patch(out);
    }
    scratch.out.resize(params_.channels * params_.width * item_);
    const OutputRow built = {scratch.out.data(), line_};
    mix(sample, y, own, partner, built, scratch.levels);
    patch(built);
    for (int32_t c = 0; c < (interleaved() ? 1 : params_.channels); ++c) {
      kernels_.stream(out.first + c * out.plane, built.first + c * line_, line_);
    }
  }
  // Each thread must call this once after its last row, before it tells other threads that its rows are complete. It
  // orders the stores that bypass the caches.
  void end() const {
    if (stream_) kernels_.order_streams();
  }

  // Writes to `to` the weights of a mixed sample's own image in row y, one per pixel.
  void weights(float* to, int32_t sample, int64_t y, MaskRows::Scratch& levels) const;

  bool interleaved() const { return params_.out_layout == Layout::kNHWC; }

 private:
  OutputRow output(int32_t sample, int64_t y) const {
    const int64_t plane = params_.height * params_.width * item_;
    return {static_cast<unsigned char*>(params_.out) + sample * plane * params_.channels + y * line_, plane};
  }
  void mix(int32_t sample, int64_t y, const PixelRow& own, const PixelRow& partner, const OutputRow& out,
           MaskRows::Scratch& levels) const;
  void mix_masked(int32_t sample, const PixelRow& own, const PixelRow& partner, const uint8_t* levels,
                  const OutputRow& out) const;
  void mix_span(const PixelRow& own, const PixelRow& partner, const OutputRow& out, float weight, int64_t first,
                int64_t last) const;
  // Splits row y at the sides of the sample's box. From left to right, calls visit(weight, first, last) for the pixels
  // first ... last - 1 of each part, which have one weight. The sample must not have a mask.
  template <typename Visit>
  void for_each_part(int32_t sample, int64_t y, const Visit& visit) const {
    const PlanRow& row = params_.plan.rows[sample];
    const bool crossed = row.has_box() && y >= row.box[0] && y < row.box[2];
    if (!crossed) return visit(row.weight_out, 0, params_.width);
    visit(row.weight_out, 0, row.box[1]);
    visit(row.weight_in, row.box[1], row.box[3]);
    visit(row.weight_out, row.box[3], params_.width);
  }

  const NormalizeMixParams params_;
  const MaskRows masks_;
  const int64_t item_, line_;  // bytes per element; bytes per row of one plane (NCHW) or of pixels (NHWC)
  const bool stream_;
  std::vector<float> scale_, bias_;  // NHWC only: one value per element of a row
  const CpuKernels& kernels_;
  const NormalizeKernels& normalize_;
};

}  // namespace fastmix
