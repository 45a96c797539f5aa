#include "normalize_mix/normalized_rows.h"

#include <algorithm>

#include "mix/mix.h"

namespace fastmix {

const NormalizeKernels& normalize_kernels() {
#if defined(__x86_64__)
  return matching_kernels(baseline_normalize_kernels, avx2_normalize_kernels, avx512_normalize_kernels);
#else
  return baseline_normalize_kernels();
#endif
}

NormalizedRows::NormalizedRows(const NormalizeMixParams& params)
    : params_(params),
      masks_(params.plan, interleaved() ? params.channels : 1, params.width, params.height, 1),
      item_(size_of(params.out_dtype)),
      line_(params.width * item_ * (interleaved() ? params.channels : 1)),
      stream_(params.plan.batch * params.height * params.width * params.channels * item_ >= kStreamBytes),
      kernels_(cpu_kernels()),
      normalize_(normalize_kernels()) {
  if (!interleaved()) return;
  for (int64_t k = 0; k < params.width * params.channels; ++k) {
    scale_.push_back(params.scale[k % params.channels]);
    bias_.push_back(params.bias[k % params.channels]);
  }
}

void NormalizedRows::weights(float* to, int32_t sample, int64_t y, MaskRows::Scratch& levels) const {
  const PlanRow& row = params_.plan.rows[sample];
  if (row.mask < 0) {
    return for_each_part(sample, y, [&](float weight, int64_t first, int64_t last) {
      std::fill(to + first, to + std::max(first, last), weight);
    });
  }
  const uint8_t* const level = masks_.row(row.mask, y, levels);
  const int64_t step = interleaved() ? params_.channels : 1;
  for (int64_t x = 0; x < params_.width; ++x) to[x] = mask_weight(level[x * step], row.weight_in, row.weight_out);
}

void NormalizedRows::mix(int32_t sample, int64_t y, const PixelRow& own, const PixelRow& partner, const OutputRow& out,
                         MaskRows::Scratch& levels) const {
  const int32_t mask = params_.plan.rows[sample].mask;
  if (mask >= 0) return mix_masked(sample, own, partner, masks_.row(mask, y, levels), out);
  for_each_part(sample, y,
                [&](float weight, int64_t first, int64_t last) { mix_span(own, partner, out, weight, first, last); });
}

void NormalizedRows::mix_masked(int32_t sample, const PixelRow& own, const PixelRow& partner, const uint8_t* levels,
                                const OutputRow& out) const {
  const float inside = params_.plan.rows[sample].weight_in, outside = params_.plan.rows[sample].weight_out;
  if (interleaved()) {
    return normalize_.levels_interleaved(params_.out_dtype, out.first, own.first, partner.first, levels, inside,
                                         outside, scale_.data(), bias_.data(), params_.width * params_.channels);
  }
  for (int32_t c = 0; c < params_.channels; ++c) {
    normalize_.levels_plane(params_.out_dtype, out.first + c * out.plane, own.first + c * own.stride,
                            partner.first + c * partner.stride, levels, inside, outside, params_.scale[c],
                            params_.bias[c], params_.width);
  }
}

void NormalizedRows::mix_span(const PixelRow& own, const PixelRow& partner, const OutputRow& out, float weight,
                              int64_t first, int64_t last) const {
  if (first >= last) return;
  if (interleaved()) {
    const int64_t at = first * params_.channels;
    normalize_.interleaved(params_.out_dtype, out.first + at * item_, own.first + at, partner.first + at, weight,
                           scale_.data() + at, bias_.data() + at, (last - first) * params_.channels);
    return;
  }
  for (int32_t c = 0; c < params_.channels; ++c) {
    normalize_.plane(params_.out_dtype, out.first + c * out.plane + first * item_, own.first + c * own.stride + first,
                     partner.first + c * partner.stride + first, weight, params_.scale[c], params_.bias[c],
                     last - first);
  }
}

}  // namespace fastmix
