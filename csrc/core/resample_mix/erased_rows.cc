#include "resample_mix/erased_rows.h"

#include <algorithm>

#include "augment/augment_kernels.h"
#include "augment/tables.h"
#include "base/with_type.h"
#include "formula/mix_math.h"
#include "resample_mix/erase.h"

namespace fastmix {

namespace {

// The part of a row that a box covers, and what fills it.
class Fill {
 public:
  Fill(const SampleOperation& operation, int64_t y, int64_t width)
      : operation_(operation),
        box_(erase_box(operation)),
        row_(y - box_.y),
        end_(std::min<int64_t>(width, int64_t{box_.x} + box_.width)) {}

  bool empty() const { return row_ < 0 || row_ >= box_.height || begin() >= end_; }
  int64_t begin() const { return box_.x; }
  int64_t end() const { return end_; }

  // The values of pixels begin() ... end() - 1. A pixel's noise depends on its place in the whole box. So it stays the
  // same if the border of the image clips the box.
  const float* values(int32_t channel, Scratch& scratch) const {
    const int64_t count = end_ - begin();
    if (operation_.opcode() == Opcode::kErasePixelsNormalized) return same(operation_.value(2), scratch);
    const bool per_channel = (operation_.flags() & kNoisePerChannel) != 0;
    const int64_t first = per_channel ? channel : (int64_t{channel} * box_.height + row_) * box_.width;
    const int64_t last = first + (per_channel ? 0 : count - 1);
    float* const four = scratch.get(count + 8);
    augment_kernels().normal_noise(four, static_cast<uint32_t>(operation_.word[2]), kNoiseStream, first / 4,
                                   last / 4 - first / 4 + 1);
    return per_channel ? same(four[first % 4], scratch) : four + first % 4;
  }

 private:
  const float* same(float value, Scratch& scratch) const {
    float* const values = scratch.get(end_ - begin() + 8);
    std::fill_n(values, end_ - begin(), value);
    return values;
  }

  const SampleOperation& operation_;
  const EraseBox box_;
  const int64_t row_, end_;
};

template <typename T>
void store_as(unsigned char* out, int64_t step, int64_t begin, int64_t end, const float* values) {
  for (int64_t x = begin; x < end; ++x) reinterpret_cast<T*>(out)[x * step] = narrow_float<T>(values[x - begin]);
}

}  // namespace

template <typename Visit>
void ErasedRows::for_each_box(int32_t sample, int64_t y, bool before_mixing, const Visit& visit) const {
  const SampleOperation* const operations = params_.samples.operations(sample);
  for (int32_t k = count_pixel_operations(params_.samples, sample); k < params_.samples.row(sample).count; ++k) {
    if (((operations[k].flags() & kBeforeMixing) != 0) != before_mixing) continue;
    const Fill fill(operations[k], y, params_.width);
    if (!fill.empty()) visit(fill);
  }
}

bool ErasedRows::crosses(int32_t sample, int64_t y, bool before_mixing) const {
  bool crosses = false;
  for_each_box(sample, y, before_mixing, [&](const Fill&) { crosses = true; });
  return crosses;
}

void ErasedRows::erase(int32_t sample, int64_t y, const PixelRow& own, const PixelRow& partner, const OutputRow& out,
                       Scratch& scratch) const {
  const bool mixed = !params_.plan.untouched(sample);
  if (crosses(sample, y, true) || (mixed && crosses(params_.plan.rows[sample].partner, y, true))) {
    erase_before(sample, y, own, partner, out, scratch);
  }
  for_each_box(sample, y, false, [&](const Fill& fill) {
    for (int32_t c = 0; c < kColors; ++c) {
      store(out, c, fill.begin(), fill.end(), fill.values(c, scratch.values));
    }
  });
}

// Normalises a row of one image and fills its boxes that are erased before mixing. Channel c begins at row + c * width.
void ErasedRows::fill(float* row, int32_t sample, int64_t y, const PixelRow& pixels, Scratch& scratch) const {
  const int64_t width = params_.width, step = rows_.interleaved() ? kColors : 1;
  for (int32_t c = 0; c < kColors; ++c) {
    float* const to = row + c * width;
    const uint8_t* const from = pixels.first + c * (rows_.interleaved() ? 1 : pixels.stride);
    for (int64_t x = 0; x < width; ++x) to[x] = from[x * step] * params_.scale[c] + params_.bias[c];
    for_each_box(sample, y, true, [&](const Fill& fill) {
      std::copy_n(fill.values(c, scratch.values), fill.end() - fill.begin(), to + fill.begin());
    });
  }
}

void ErasedRows::erase_before(int32_t sample, int64_t y, const PixelRow& own, const PixelRow& partner,
                              const OutputRow& out, Scratch& scratch) const {
  const int64_t width = params_.width;
  const bool mixed = !params_.plan.untouched(sample);
  const int32_t other = params_.plan.rows[sample].partner;
  float* const of_own = scratch.own.get(kColors * width);
  float* const of_partner = scratch.partner.get(kColors * width);
  float* const weights = scratch.weights.get(width);
  fill(of_own, sample, y, own, scratch);
  if (mixed) {
    fill(of_partner, other, y, partner, scratch);
    rows_.weights(weights, sample, y, scratch.levels);
  }
  if (mixed) {
    for (int32_t c = 0; c < kColors; ++c) {
      float* const v = of_own + c * width;
      const float* const u = of_partner + c * width;
      for (int64_t x = 0; x < width; ++x) v[x] = weights[x] * v[x] + (1.0f - weights[x]) * u[x];
    }
  }
  // Rewrites only erased pixels: all others keep the bits that NormalizedRows wrote.
  const auto rewrite = [&](const Fill& fill) {
    for (int32_t c = 0; c < kColors; ++c) {
      store(out, c, fill.begin(), fill.end(), of_own + c * width + fill.begin());
    }
  };
  for_each_box(sample, y, true, rewrite);
  if (mixed) for_each_box(other, y, true, rewrite);
}

void ErasedRows::store(const OutputRow& out, int32_t channel, int64_t begin, int64_t end, const float* values) const {
  const int64_t item = size_of(params_.out_dtype), step = rows_.interleaved() ? kColors : 1;
  unsigned char* const row = out.first + channel * (rows_.interleaved() ? item : out.plane);
  with_output_type(params_.out_dtype, [&](auto zero) { store_as<decltype(zero)>(row, step, begin, end, values); });
}

}  // namespace fastmix
