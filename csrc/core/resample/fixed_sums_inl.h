// Fixed-point sums over taps for kFixedRows outputs at a time, and their rounding to bytes. Part of
// fixed_kernels_inl.h.
#pragma once

#include <type_traits>

#include "resample/filter_taps.h"
#include "resample/fixed_kernels.h"
#include "resample/vectors_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

struct Sums {
  Integers part[kFixedRows / kRows];
};

// Computes kFixedRows neighbouring outputs. Output i is the sum over t of coefficients[t] * from[i + t * stride], plus
// 1/2, so that the later shift rounds. kTaps is `count`, or 0 if outputs have different counts.
template <int kTaps>
FM_INLINE Sums fixed_sum(const int32_t* coefficients, int32_t count, const uint8_t* from, int64_t stride) {
  Sums sums;
  for (Integers& part : sums.part) part = (1 << (kFixedBits - 1)) - Integers{};
  if constexpr (kTaps > 0) count = kTaps;
#pragma GCC unroll 8
  for (int32_t t = 0; t < count; ++t) {
#pragma GCC unroll 2
    for (int p = 0; p < kFixedRows / kRows; ++p)
      sums.part[p] += coefficients[t] * load_integers(from + t * stride + p * kRows);
  }
  return sums;
}

// Writes the sums as pixels, clamped to 0 ... 255.
FM_INLINE void store_pixels(uint8_t* to, const Sums& sums) {
#if defined(__AVX512F__)
  const __m512i v = _mm512_maskz_srai_epi32(0xffff, reinterpret_cast<__m512i>(sums.part[0]), kFixedBits);
  const __m512i positive = _mm512_maskz_max_epi32(0xffff, v, _mm512_setzero_si512());
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_maskz_cvtusepi32_epi8(0xffff, positive));
#elif defined(__AVX2__)
  const __m256i low = _mm256_srai_epi32(reinterpret_cast<__m256i>(sums.part[0]), kFixedBits);
  const __m256i high = _mm256_srai_epi32(reinterpret_cast<__m256i>(sums.part[1]), kFixedBits);
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                   _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
#else
  for (int k = 0; k < kFixedRows; ++k) to[k] = static_cast<uint8_t>(fixed_level(sums.part[k / kRows][k % kRows]));
#endif
}

// Calls function() with `taps` as a compile-time constant, or with 0 if `taps` is 0 or more than 8.
template <typename Function>
FM_INLINE void with_taps(int32_t taps, const Function& function) {
  switch (taps) {
#define FM_TAPS(n) \
  case n:          \
    return function(std::integral_constant<int, n>{});
    FM_TAPS(1)
    FM_TAPS(2)
    FM_TAPS(3)
    FM_TAPS(4)
    FM_TAPS(5)
    FM_TAPS(6)
    FM_TAPS(7)
    FM_TAPS(8)
#undef FM_TAPS
    default:
      return function(std::integral_constant<int, 0>{});
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
