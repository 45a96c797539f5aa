// Mixes two spans with one weight. Part of kernels_inl.h.
#pragma once

#include "formula/mix_math.h"
#include "simd/convert_inl.h"

#if defined(__AVX512VBMI__)
#include "simd/blend_vbmi_inl.h"
#endif
#if defined(__AVX512F__)
#include "simd/blend_avx512_inl.h"
#define FM_BLEND_QUICKLY
#elif defined(__AVX2__)
#include "simd/blend_avx2_inl.h"
#define FM_BLEND_QUICKLY
#endif
#if defined(__AVX2__)
#include "simd/blend_u8_inl.h"
#elif defined(__aarch64__)
#include "simd/blend_u8_neon_inl.h"
#endif

namespace fastmix {
namespace FM_ISA {
namespace {

// Blends by the formula of mix_math.h, in float64.
template <typename T>
void blend_exactly(T* out, const T* own, const T* partner, double weight, int64_t n) {
#pragma GCC ivdep
  for (int64_t k = 0; k < n; ++k) out[k] = narrow<T>(blend(widen(own[k]), widen(partner[k]), weight));
}

// Like blend_exactly, but for 16-bit floats, in loops that the compiler vectorises. narrow<T16>(x) is split into its
// two steps: round_to_odd(x), then a conversion from float32 to T16.
template <typename T16>
__attribute__((noinline, noclone)) void blend_exactly_16(T16* out, const T16* own, const T16* partner, double weight,
                                                         int64_t n) {
  float x[kChunk], y[kChunk];
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = n - begin < kChunk ? n - begin : kChunk;
    widen_span(x, own + begin, count);
    widen_span(y, partner + begin, count);
    for (int64_t k = 0; k < count; ++k) x[k] = round_to_odd(blend(x[k], y[k], weight));
    narrow_span(out + begin, x, count);
  }
}
template <>
void blend_exactly(Half* out, const Half* own, const Half* partner, double weight, int64_t n) {
  blend_exactly_16(out, own, partner, weight, n);
}
template <>
void blend_exactly(BFloat16* out, const BFloat16* own, const BFloat16* partner, double weight, int64_t n) {
  blend_exactly_16(out, own, partner, weight, n);
}

#if defined(FM_BLEND_QUICKLY)
// Blends kQuick elements at a time while `kBlend` returns true, and returns how many it blended. The loop contains no
// call, so its constants stay in registers.
template <typename T16, bool (*kBlend)(T16*, const T16*, const T16*, float)>
__attribute__((noinline, noclone)) int64_t blend_while(T16* out, const T16* own, const T16* partner, float weight,
                                                       int64_t n) {
  int64_t k = 0;
  while (k + kQuick <= n && kBlend(out + k, own + k, partner + k, weight)) k += kQuick;
  return k;
}

// Blends in float32 as long as the result is certain to equal that of the float64 formula. Returns how many elements it
// blended.
template <typename T16>
int64_t blend_while_certain(T16* out, const T16* own, const T16* partner, float weight, int64_t n) {
  const RoundingDown scope;
  return blend_while<T16, blend_quickly>(out, own, partner, weight, n);
}

template <typename T16>
void blend_16(T16* out, const T16* own, const T16* partner, float weight, int64_t n) {
  for (int64_t k = 0; k < n;) {
    const int64_t certain = blend_while_certain(out + k, own + k, partner + k, weight, n - k);
    k += certain;
    // If the first kQuick elements were uncertain, the next ones mostly are too, so a longer span is blended exactly.
    // Otherwise an uncertain element is mostly alone.
    const int64_t exact = certain == 0 ? kChunk : kQuick;
    const int64_t count = n - k < exact ? n - k : exact;
    blend_exactly(out + k, own + k, partner + k, weight, count);
    k += count;
  }
}

#if defined(FM_BLEND_TIES_APART)
void blend_ties_apart(BFloat16* out, const BFloat16* own, const BFloat16* partner, float weight, int64_t n) {
  // After a possible tie, blend_16 blends this many elements, because some weights, such as 1/2, give ties often. Other
  // weights give ties so rarely that the extra work does not matter.
  constexpr int64_t kTied = 512;
  for (int64_t k = 0; k < n;) {
    k += blend_while<BFloat16, blend_no_tie>(out + k, own + k, partner + k, weight, n - k);
    const int64_t count = n - k < kTied ? n - k : kTied;
    blend_16(out + k, own + k, partner + k, weight, count);
    k += count;
  }
}
#endif
#else
template <typename T16>
void blend_16(T16* out, const T16* own, const T16* partner, float weight, int64_t n) {
  blend_exactly(out, own, partner, weight, n);
}
#endif

inline void blend_span(uint8_t* out, const uint8_t* own, const uint8_t* partner, float weight, int64_t n) {
  int64_t done = 0;
#if defined(__AVX512VBMI__)
  done = may_tie(weight) ? blend_with_ties(out, own, partner, weight, n)
                         : blend_by_table(out, own, partner, DeltaTable(weight), n);
#elif defined(__AVX2__) || defined(__aarch64__)
  done = may_tie(weight) ? blend_with_ties(out, own, partner, weight, n)
                         : blend_without_ties(out, own, partner, weight, n);
#endif
  blend_exactly(out + done, own + done, partner + done, weight, n - done);
}
inline void blend_span(Half* out, const Half* own, const Half* partner, float weight, int64_t n) {
  blend_16(out, own, partner, weight, n);
}
inline void blend_span(BFloat16* out, const BFloat16* own, const BFloat16* partner, float weight, int64_t n) {
#if defined(FM_BLEND_TIES_APART)
  blend_ties_apart(out, own, partner, weight, n);
#else
  blend_16(out, own, partner, weight, n);
#endif
}
inline void blend_span(float* out, const float* own, const float* partner, float weight, int64_t n) {
  blend_exactly(out, own, partner, weight, n);
}
inline void blend_span(double* out, const double* own, const double* partner, float weight, int64_t n) {
  blend_exactly(out, own, partner, weight, n);
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
