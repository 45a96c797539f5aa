// Blends uint8 with AVX-512 VBMI, 64 at a time, by table lookup. Part of kernels_inl.h.
//
// The rounded mix is partner + round(weight * d) with d = own - partner, unless the mix lies halfway between two
// integers. blend_with_ties (blend_u8_inl.h) takes the weights that can give such a mix. For all other weights, a table
// of round(weight * |d|) has 256 bytes, which fill four registers.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace fastmix {
namespace FM_ISA {
namespace {

struct DeltaTable {
  alignas(64) uint8_t delta[256];

  // `weight` is a float32, so its product with d (24 + 8 bits) is exact in float64. Adding 2^52 rounds it to an
  // integer.
  explicit DeltaTable(double weight) {
    for (int d = 0; d < 256; ++d) {
      const double rounded = (weight * d + 0x1p52) - 0x1p52;
      delta[d] = static_cast<uint8_t>(static_cast<int32_t>(rounded));
    }
  }
};

// Blends 64 elements at a time and returns how many it blended. `out` may be `own`.
inline int64_t blend_by_table(uint8_t* out, const uint8_t* own, const uint8_t* partner, const DeltaTable& table,
                              int64_t n) {
  const __m512i t0 = _mm512_load_si512(table.delta);
  const __m512i t1 = _mm512_load_si512(table.delta + 64);
  const __m512i t2 = _mm512_load_si512(table.delta + 128);
  const __m512i t3 = _mm512_load_si512(table.delta + 192);
  int64_t k = 0;
  for (; k + 64 <= n; k += 64) {
    const __m512i x = _mm512_loadu_si512(own + k);
    const __m512i y = _mm512_loadu_si512(partner + k);
    const __m512i below = _mm512_subs_epu8(y, x);
    const __m512i distance = _mm512_or_si512(_mm512_subs_epu8(x, y), below);
    // Each permutation looks up the low seven bits of the distance. The blend chooses by the eighth bit.
    const __m512i low = _mm512_permutex2var_epi8(t0, distance, t1);
    const __m512i high = _mm512_permutex2var_epi8(t2, distance, t3);
    const __m512i delta = _mm512_mask_blend_epi8(_mm512_movepi8_mask(distance), low, high);
    const __mmask64 down = _mm512_test_epi8_mask(below, below);
    _mm512_storeu_si512(out + k, _mm512_mask_sub_epi8(_mm512_add_epi8(y, delta), down, y, delta));
  }
  return k;
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
