// Mixes and normalises spans of pixels. Part of normalize_kernels_inl.h.
#pragma once

#include "formula/mix_math.h"
#include "simd/convert_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

// Reads like an array whose elements all have the same value. Loops take scale and bias as Constant for one channel,
// and as arrays for interleaved channels.
struct Constant {
  float value;
  float operator[](int64_t) const { return value; }
  Constant operator+(int64_t) const { return *this; }
};

template <typename Factor>
void normalize_span(float* out, const uint8_t* own, const uint8_t* partner, float weight, Factor scale, Factor bias,
                    int64_t n) {
#pragma GCC ivdep
  for (int64_t k = 0; k < n; ++k) {
    out[k] = normalize_element(own[k], partner[k], weight, scale[k], bias[k]);
  }
}

// Normalises in float32 into a buffer that stays in the first-level cache, then narrows it to 16 bits.
template <typename T16, typename Factor>
void normalize_16(T16* out, const uint8_t* own, const uint8_t* partner, float weight, Factor scale, Factor bias,
                  int64_t n) {
  float x[kChunk];
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = n - begin < kChunk ? n - begin : kChunk;
    normalize_span(x, own + begin, partner + begin, weight, scale + begin, bias + begin, count);
    narrow_span(out + begin, x, count);
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
