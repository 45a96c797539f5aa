// Vectors that hold one number for each of kRows rows, with their loads and stores. This file is compiled once per
// instruction set.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr int kRows = FM_ROWS;
using Vector = float __attribute__((vector_size(4 * kRows)));
using Integers = int32_t __attribute__((vector_size(4 * kRows)));

#define FM_INLINE inline __attribute__((always_inline))

FM_INLINE Vector load(const float* from) {
  Vector v;
  memcpy(&v, __builtin_assume_aligned(from, 4 * kRows), sizeof(v));
  return v;
}
FM_INLINE void store(float* to, Vector v) { memcpy(__builtin_assume_aligned(to, 4 * kRows), &v, sizeof(v)); }
FM_INLINE Vector splat(float x) { return x - Vector{}; }

// Loads kRows bytes and widens them to integers.
FM_INLINE Integers load_integers(const uint8_t* from) {
#if defined(__AVX512F__)
  static_assert(kRows == 16);
  // The maskz form with every lane set, because GCC 12 warns of an uninitialised variable in the plain one.
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return reinterpret_cast<Integers>(_mm512_maskz_cvtepu8_epi32(0xffff, bytes));
#elif defined(__AVX2__)
  static_assert(kRows == 8);
  return reinterpret_cast<Integers>(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
#elif defined(__SSE2__)
  static_assert(kRows == 8);
  using Half = int32_t __attribute__((vector_size(16)));
  const __m128i zero = _mm_setzero_si128();
  const __m128i words = _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)), zero);
  const Half low = reinterpret_cast<Half>(_mm_unpacklo_epi16(words, zero));
  const Half high = reinterpret_cast<Half>(_mm_unpackhi_epi16(words, zero));
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
#elif defined(__aarch64__)
  static_assert(kRows == 8);
  using Half = int32_t __attribute__((vector_size(16)));
  const uint16x8_t words = vmovl_u8(vld1_u8(from));
  const Half low = reinterpret_cast<Half>(vmovl_u16(vget_low_u16(words)));
  const Half high = reinterpret_cast<Half>(vmovl_u16(vget_high_u16(words)));
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
#else
  Integers v;
  for (int j = 0; j < kRows; ++j) v[j] = from[j];
  return v;
#endif
}
FM_INLINE Vector load_bytes(const uint8_t* from) { return __builtin_convertvector(load_integers(from), Vector); }
FM_INLINE Vector load_bytes_before(const uint8_t* from, const uint8_t* end) {
  uint8_t bytes[kRows] = {};
  if (from < end) memcpy(bytes, from, end - from < kRows ? end - from : kRows);
  return load_bytes(bytes);
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
