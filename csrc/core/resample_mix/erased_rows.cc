#include "resample_mix/erased_rows.h"

#include <algorithm>

#include "augment/tables.h"
#include "formula/mix_math.h"
#include "formula/normal_quantile.h"
#include "random/philox.h"

namespace fastmix {

namespace {

constexpr int32_t kPerChannel = 1 << 3, kBeforeMixing = 1 << 4;  // of SampleOperation::flags()

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

  // Calls visit(x, value) from left to right. Elements are numbered over the whole box, so that clipping changes none.
  template <typename Visit>
  void visit(int32_t channel, const Visit& visit) const {
    if (operation_.opcode() == Opcode::kErasePixelsNormalized) return same(operation_.value(2), visit);
    if ((operation_.flags() & kPerChannel) != 0) return same(noise(channel, numbers(channel / 4)), visit);
    const int64_t first = (int64_t{channel} * box_.height + row_) * box_.width;
    Philox4 four = numbers(first / 4);
    for (int64_t x = begin(); x < end_; ++x) {
      const int64_t element = first + x - begin();
      if (element % 4 == 0) four = numbers(element / 4);
      visit(x, noise(element, four));
    }
  }

 private:
  template <typename Visit>
  void same(float value, const Visit& visit) const {
    for (int64_t x = begin(); x < end_; ++x) visit(x, value);
  }
  Philox4 numbers(int64_t four) const {
    constexpr uint32_t kStream = 'E' << 24 | 'r' << 16 | 'N' << 8 | 'o';
    return philox4x32_10({{static_cast<uint32_t>(four), static_cast<uint32_t>(four >> 32), 0, 0}},
                         {{static_cast<uint32_t>(operation_.word[2]), kStream}});
  }
  static float noise(int64_t element, const Philox4& four) {
    return static_cast<float>(normal_quantile((four.word[element % 4] + 0.5) * 0x1p-32));
  }

  const SampleOperation& operation_;
  const EraseBox box_;
  const int64_t row_, end_;
};

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
    for (int32_t c = 0; c < kColors; ++c) fill.visit(c, [&](int64_t x, float value) { store(out, c, x, value); });
  });
}

// Normalises a row of one image and erases its boxes: channel c at row + c * width.
void ErasedRows::fill(float* row, int32_t sample, int64_t y, const PixelRow& pixels) const {
  const int64_t width = params_.width, step = rows_.interleaved() ? kColors : 1;
  for (int32_t c = 0; c < kColors; ++c) {
    float* const to = row + c * width;
    const uint8_t* const from = pixels.first + c * (rows_.interleaved() ? 1 : pixels.stride);
    for (int64_t x = 0; x < width; ++x) to[x] = from[x * step] * params_.scale[c] + params_.bias[c];
    for_each_box(sample, y, true,
                 [&](const Fill& fill) { fill.visit(c, [&](int64_t x, float value) { to[x] = value; }); });
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
  fill(of_own, sample, y, own);
  if (mixed) {
    fill(of_partner, other, y, partner);
    rows_.weights(weights, sample, y, scratch.levels);
  }
  const auto rewrite = [&](const Fill& fill) {
    for (int32_t c = 0; c < kColors; ++c) {
      for (int64_t x = fill.begin(); x < fill.end(); ++x) {
        const float v = of_own[c * width + x];
        store(out, c, x, mixed ? weights[x] * v + (1.0f - weights[x]) * of_partner[c * width + x] : v);
      }
    }
  };
  for_each_box(sample, y, true, rewrite);
  if (mixed) for_each_box(other, y, true, rewrite);
}

void ErasedRows::store(const OutputRow& out, int32_t channel, int64_t x, float value) const {
  const int64_t at = rows_.interleaved() ? x * kColors + channel : x;
  unsigned char* const row = out.first + (rows_.interleaved() ? 0 : channel * out.plane);
  switch (params_.out_dtype) {
    case DType::kF16:
      reinterpret_cast<Half*>(row)[at] = narrow_float<Half>(value);
      return;
    case DType::kBF16:
      reinterpret_cast<BFloat16*>(row)[at] = narrow_float<BFloat16>(value);
      return;
    default:
      reinterpret_cast<float*>(row)[at] = value;
  }
}

}  // namespace fastmix
