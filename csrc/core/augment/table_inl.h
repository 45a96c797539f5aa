// Table look-ups, and statistics of levels. Part of augment_kernels_inl.h.
#pragma once

#include <cstdint>

#include "augment/pixel_math.h"

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace fastmix {
namespace FM_ISA {
namespace {

#if defined(__AVX512VBMI__)
inline int64_t look_up_vectors(uint8_t* out, const uint8_t* in, const uint8_t* table, int64_t n) {
  const __m512i t0 = _mm512_loadu_si512(table), t1 = _mm512_loadu_si512(table + 64);
  const __m512i t2 = _mm512_loadu_si512(table + 128), t3 = _mm512_loadu_si512(table + 192);
  int64_t k = 0;
  for (; k + 64 <= n; k += 64) {
    const __m512i x = _mm512_loadu_si512(in + k);
    // Each permutation looks up a level's low seven bits in one half of the table. The eighth bit chooses the half.
    const __m512i low = _mm512_permutex2var_epi8(t0, x, t1);
    const __m512i high = _mm512_permutex2var_epi8(t2, x, t3);
    _mm512_storeu_si512(out + k, _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), low, high));
  }
  return k;
}
#elif defined(__AVX2__)
// A shuffle looks up one of 16 entries, so the table is split into 16 parts. The shuffle gives 0 for an index with the
// high bit set, and otherwise uses its low four bits. For part p, the index is level - 16 p (modulo 256) plus 0x70 with
// saturation. So levels 16 p ... 16 p + 15 give 0x70 ... 0x7f, and all other levels get the high bit.
inline int64_t look_up_vectors(uint8_t* out, const uint8_t* in, const uint8_t* table, int64_t n) {
#if defined(__AVX512BW__)
  using Bytes = __m512i;
  const auto load = [](const uint8_t* at) { return _mm512_loadu_si512(at); };
  const auto splat = [](int value) { return _mm512_set1_epi8(static_cast<char>(value)); };
  const auto part = [](const uint8_t* at) {
    // Uses the maskz form with every lane set, because GCC 12 warns of an uninitialised variable in the plain form.
    return _mm512_maskz_broadcast_i32x4(0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  };
#else
  using Bytes = __m256i;
  const auto load = [](const uint8_t* at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); };
  const auto splat = [](int value) { return _mm256_set1_epi8(static_cast<char>(value)); };
  const auto part = [](const uint8_t* at) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  };
#endif
  constexpr int64_t kBytes = sizeof(Bytes);
  Bytes parts[16];
  for (int p = 0; p < 16; ++p) parts[p] = part(table + 16 * p);
  int64_t k = 0;
  for (; k + kBytes <= n; k += kBytes) {
    const Bytes x = load(in + k);
    Bytes found = splat(0);
    for (int p = 0; p < 16; ++p) {
#if defined(__AVX512BW__)
      const Bytes index = _mm512_adds_epu8(_mm512_sub_epi8(x, splat(16 * p)), splat(0x70));
      found = _mm512_or_si512(found, _mm512_shuffle_epi8(parts[p], index));
#else
      const Bytes index = _mm256_adds_epu8(_mm256_sub_epi8(x, splat(16 * p)), splat(0x70));
      found = _mm256_or_si256(found, _mm256_shuffle_epi8(parts[p], index));
#endif
    }
#if defined(__AVX512BW__)
    _mm512_storeu_si512(out + k, found);
#else
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + k), found);
#endif
  }
  return k;
}
#elif defined(__aarch64__)
inline int64_t look_up_vectors(uint8_t* out, const uint8_t* in, const uint8_t* table, int64_t n) {
  uint8x16x4_t parts[4];
  for (int p = 0; p < 4; ++p) parts[p] = vld1q_u8_x4(table + 64 * p);
  int64_t k = 0;
  for (; k + 16 <= n; k += 16) {
    // One instruction looks up the indices 0 ... 63 of a part and gives zero for all other indices.
    const uint8x16_t x = vld1q_u8(in + k);
    uint8x16_t found = vqtbl4q_u8(parts[0], x);
    for (int p = 1; p < 4; ++p) found = vorrq_u8(found, vqtbl4q_u8(parts[p], vsubq_u8(x, vdupq_n_u8(64 * p))));
    vst1q_u8(out + k, found);
  }
  return k;
}
#else
inline int64_t look_up_vectors(uint8_t*, const uint8_t*, const uint8_t*, int64_t) { return 0; }
#endif

void look_up(uint8_t* out, const uint8_t* in, const uint8_t* table, int64_t n) {
  for (int64_t k = look_up_vectors(out, in, table, n); k < n; ++k) out[k] = table[in[k]];
}

void extremes(const uint8_t* in, int64_t n, uint8_t& low, uint8_t& high) {
  uint8_t least = 255, most = 0;
  for (int64_t k = 0; k < n; ++k) {
    least = in[k] < least ? in[k] : least;
    most = in[k] > most ? in[k] : most;
  }
  low = least;
  high = most;
}

uint64_t luma_sum(const uint8_t* r, const uint8_t* g, const uint8_t* b, int64_t n) {
  constexpr int64_t kPart = 1 << 16;  // the luma of 2^16 pixels adds up to less than 2^32
  uint64_t sum = 0;
  for (int64_t begin = 0; begin < n; begin += kPart) {
    const int64_t end = n - begin < kPart ? n : begin + kPart;
    uint32_t part = 0;
    for (int64_t k = begin; k < end; ++k) part += luma(r[k], g[k], b[k]);
    sum += part;
  }
  return sum;
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
