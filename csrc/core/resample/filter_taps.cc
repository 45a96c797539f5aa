#include "resample/filter_taps.h"

#include <algorithm>

namespace fastmix {

namespace {

std::vector<TapSpan> spans_of(const ResampleAxis& axis, int32_t outputs) {
  std::vector<TapSpan> spans(outputs);
  double nearest = axis.begin + axis.scale * 0.5;  // the output's centre in the source, a running sum as in Pillow
  for (int32_t o = 0; o < outputs; ++o, nearest += axis.scale) {
    spans[o] = axis.filter == Filter::kNearest ? nearest_span(axis, nearest)
                                               : span_around(axis, axis.begin + (o + 0.5) * axis.scale);
  }
  return spans;
}

// Sets raw[t] = raw_coefficient(t) and returns their sum, added in ascending order. The filter is a template argument,
// so that the compiler can vectorise the loop.
template <Filter kFilter>
double raw_coefficients(const ResampleAxis& axis, const TapSpan& span, double* raw) {
  ResampleAxis same = axis;
  same.filter = kFilter;
  for (int32_t tap = 0; tap < span.count; ++tap) raw[tap] = raw_coefficient(same, span, tap);
  double sum = 0.0;
  for (int32_t tap = 0; tap < span.count; ++tap) sum += raw[tap];
  return sum;
}

double raw_coefficients(const ResampleAxis& axis, const TapSpan& span, double* raw) {
  switch (axis.filter) {
    case Filter::kNearest:
      return raw[0] = 1.0;
    case Filter::kBox:
      return raw_coefficients<Filter::kBox>(axis, span, raw);
    case Filter::kBilinear:
      return raw_coefficients<Filter::kBilinear>(axis, span, raw);
    case Filter::kBicubic:
      return raw_coefficients<Filter::kBicubic>(axis, span, raw);
    default:
      return raw_coefficients<Filter::kLanczos>(axis, span, raw);
  }
}

// Multiplies by 1 / sum, as tap_coefficient does for CUDA kernels, so both get the same bits.
void normalize(const double* raw, int32_t count, double sum, float* to) {
  const double normalizer = 1.0 / sum;
  for (int32_t tap = 0; tap < count; ++tap) to[tap] = static_cast<float>(raw[tap] * normalizer);
}

void normalize(const double* raw, int32_t count, double sum, int32_t* to) {
  for (int32_t tap = 0; tap < count; ++tap) to[tap] = fixed_coefficient(raw[tap], sum);
}

template <typename Coefficient>
TapTable<Coefficient> make_table(const ResampleAxis& axis, int32_t outputs) {
  const std::vector<TapSpan> spans = spans_of(axis, outputs);
  TapTable<Coefficient> taps;
  for (const TapSpan& span : spans) taps.length = std::max(taps.length, span.count);
  taps.padded = taps.length <= TapTable<Coefficient>::kPaddedTaps;
  taps.first.resize(outputs);
  taps.count.resize(outputs);
  taps.coefficients.assign(static_cast<size_t>(outputs) * taps.length, Coefficient{0});
  std::vector<double> raw(taps.length);
  for (int32_t o = 0; o < outputs; ++o) {
    const TapSpan& span = spans[o];
    // Kernels read the pixels of padding taps too. At the far border these would lie outside the image, so there the
    // padding comes before the taps.
    const int32_t lead = taps.padded ? std::max(0, span.first + taps.length - axis.size) : 0;
    taps.first[o] = span.first - lead;
    taps.count[o] = taps.padded ? taps.length : span.count;
    const double sum = raw_coefficients(axis, span, raw.data());
    normalize(raw.data(), span.count, sum, taps.coefficients.data() + static_cast<size_t>(o) * taps.length + lead);
  }
  return taps;
}

}  // namespace

Taps make_taps(const ResampleAxis& axis, int32_t outputs) { return make_table<float>(axis, outputs); }

FixedTaps make_fixed_taps(const ResampleAxis& axis, int32_t outputs) { return make_table<int32_t>(axis, outputs); }

}  // namespace fastmix
