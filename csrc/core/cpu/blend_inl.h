// The mix of two spans with one weight. Part of kernels_inl.h.
#pragma once

#include "../mix_math.h"
#include "convert_inl.h"

#if defined(__AVX512VBMI__)
#include "blend_vbmi_inl.h"
#endif
#if defined(__AVX512F__)
#include "blend_avx512_inl.h"
#define FM_BLEND_QUICKLY
#elif defined(__AVX2__)
#include "blend_avx2_inl.h"
#define FM_BLEND_QUICKLY
#endif

namespace fastmix {
namespace FM_ISA {
namespace {

// The formula itself, in float64.
template <typename T>
void blend_exactly(T* out, const T* own, const T* partner, double weight, int64_t n) {
#pragma GCC ivdep
  for (int64_t k = 0; k < n; ++k) out[k] = narrow<T>(blend(widen(own[k]), widen(partner[k]), weight));
}

// The same in three loops that vectorise: narrow<T> of a 16-bit float is a float32's narrowing of round_to_odd.
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
// The narrow types: 64 at a time in float32 where that certainly gives what the formula gives, which it does
// for nearly all; the formula itself for the rest.
template <typename T>
void blend_narrow(T* out, const T* own, const T* partner, float weight, int64_t n) {
  constexpr int64_t kQuick = 64;
  int64_t k = 0;
  for (; k + kQuick <= n; k += kQuick) {
    const bool certain = blend_quickly(out + k, own + k, partner + k, weight);
    if (!certain) blend_exactly(out + k, own + k, partner + k, weight, kQuick);
  }
  blend_exactly(out + k, own + k, partner + k, weight, n - k);
}
#else
template <typename T>
void blend_narrow(T* out, const T* own, const T* partner, float weight, int64_t n) {
  blend_exactly(out, own, partner, weight, n);
}
#endif

inline void blend_span(uint8_t* out, const uint8_t* own, const uint8_t* partner, float weight, int64_t n) {
  int64_t done = 0;
#if defined(__AVX512VBMI__)
  const DeltaTable table(weight);
  if (!table.has_tie) done = blend_by_table(out, own, partner, table, n);
#endif
  blend_narrow(out + done, own + done, partner + done, weight, n - done);
}
inline void blend_span(Half* out, const Half* own, const Half* partner, float weight, int64_t n) {
  blend_narrow(out, own, partner, weight, n);
}
inline void blend_span(BFloat16* out, const BFloat16* own, const BFloat16* partner, float weight, int64_t n) {
  blend_narrow(out, own, partner, weight, n);
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
