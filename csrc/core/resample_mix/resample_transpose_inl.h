// Transposes a matrix of kRows vectors in registers. Part of resample_kernels_inl.h.
#pragma once

#include "resample/vectors_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

#if FM_ROWS == 8
#define FM_PICK(a, b, i0, i1, i2, i3, i4, i5, i6, i7) __builtin_shufflevector(a, b, i0, i1, i2, i3, i4, i5, i6, i7)
FM_INLINE void transpose(Vector (&v)[8]) {
  Vector t[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    t[i] = FM_PICK(v[i], v[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    t[i + 1] = FM_PICK(v[i], v[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      v[i + 2 * j] = FM_PICK(t[i + j], t[i + 2 + j], 0, 1, 8, 9, 4, 5, 12, 13);
      v[i + 2 * j + 1] = FM_PICK(t[i + j], t[i + 2 + j], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const Vector low = FM_PICK(v[i], v[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    v[i + 4] = FM_PICK(v[i], v[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    v[i] = low;
  }
}
#undef FM_PICK
#else
FM_INLINE Vector low_pairs(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}
FM_INLINE Vector high_pairs(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}
FM_INLINE Vector low_fours(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
}
FM_INLINE Vector high_fours(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}
FM_INLINE Vector even_quarters(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}
FM_INLINE Vector odd_quarters(Vector a, Vector b) {
  return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}
FM_INLINE void transpose(Vector (&v)[16]) {
  Vector t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = low_pairs(v[i], v[i + 1]);
    t[i + 1] = high_pairs(v[i], v[i + 1]);
  }
  // After this loop, quarter q of v[4 i + j] holds column 4 q + j of rows 4 i ... 4 i + 3.
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    v[i] = low_fours(t[i], t[i + 2]);
    v[i + 1] = high_fours(t[i], t[i + 2]);
    v[i + 2] = low_fours(t[i + 1], t[i + 3]);
    v[i + 3] = high_fours(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const Vector even_top = even_quarters(v[j], v[4 + j]);
    const Vector even_bottom = even_quarters(v[8 + j], v[12 + j]);
    const Vector odd_top = odd_quarters(v[j], v[4 + j]);
    const Vector odd_bottom = odd_quarters(v[8 + j], v[12 + j]);
    v[j] = even_quarters(even_top, even_bottom);
    v[8 + j] = odd_quarters(even_top, even_bottom);
    v[4 + j] = even_quarters(odd_top, odd_bottom);
    v[12 + j] = odd_quarters(odd_top, odd_bottom);
  }
}
#endif

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
