#include "resample_mix/filter_taps.h"

#include <algorithm>

namespace fastmix {

Taps make_taps(const ResampleAxis& axis, int32_t outputs) {
  std::vector<TapSpan> spans(outputs);
  Taps taps;
  for (int32_t o = 0; o < outputs; ++o) {
    spans[o] = tap_span(axis, o);
    taps.length = std::max(taps.length, spans[o].count);
  }
  taps.padded = taps.length <= Taps::kPaddedTaps;
  taps.first.resize(outputs);
  taps.count.resize(outputs);
  taps.coefficients.assign(static_cast<size_t>(outputs) * taps.length, 0.0f);
  for (int32_t o = 0; o < outputs; ++o) {
    const TapSpan& span = spans[o];
    // Kernels read the pixels of padding taps too, so at the far border the padding goes before the taps.
    const int32_t lead = taps.padded ? std::max(0, span.first + taps.length - axis.size) : 0;
    taps.first[o] = span.first - lead;
    taps.count[o] = taps.padded ? taps.length : span.count;
    float* coefficients = taps.coefficients.data() + static_cast<size_t>(o) * taps.length + lead;
    for (int32_t tap = 0; tap < span.count; ++tap) coefficients[tap] = tap_coefficient(axis, span, tap);
  }
  return taps;
}

}  // namespace fastmix
