// Erases boxes in the normalised output, one row at a time, before or after the images are mixed.
#pragma once

#include <cstdint>

#include "augment/sample_plan.h"
#include "normalize_mix/normalized_rows.h"
#include "resample_mix/resample_mix.h"
#include "simd/scratch.h"

namespace fastmix {

// Keeps references to `params` and `rows`. A box is filled with `fill`: a constant or normal numbers. `level` is a
// uint8 pixel.
//
//   erased before mixing   v = a box of the sample covers the pixel ? fill : level * scale[c] + bias[c]
//                          u = the same for the partner
//                          output = weight * v + (1 - weight) * u in float32, where a box of either covers the pixel
//   erased after mixing    output = fill, where a box of the sample covers the pixel
class ErasedRows {
 public:
  ErasedRows(const ResampleMixParams& params, const NormalizedRows& rows) : params_(params), rows_(rows) {}

  struct Scratch {
    fastmix::Scratch own, partner, weights, values;
    MaskRows::Scratch levels;
  };

  // Erases boxes in row y of a sample, after NormalizedRows wrote that row to `out` from `own` and `partner`.
  void erase(int32_t sample, int64_t y, const PixelRow& own, const PixelRow& partner, const OutputRow& out,
             Scratch& scratch) const;

 private:
  template <typename Visit>
  void for_each_box(int32_t sample, int64_t y, bool before_mixing, const Visit& visit) const;
  bool crosses(int32_t sample, int64_t y, bool before_mixing) const;
  void fill(float* row, int32_t sample, int64_t y, const PixelRow& pixels, Scratch& scratch) const;
  void erase_before(int32_t sample, int64_t y, const PixelRow& own, const PixelRow& partner, const OutputRow& out,
                    Scratch& scratch) const;
  void store(const OutputRow& out, int32_t channel, int64_t begin, int64_t end, const float* values) const;

  const ResampleMixParams& params_;
  const NormalizedRows& rows_;
};

}  // namespace fastmix
