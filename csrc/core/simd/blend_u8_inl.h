// Blends uint8 with AVX2 in integers, 32 at a time. Part of kernels_inl.h.
//
// The mix is partner + weight * d with d = own - partner. A mix halfway between two integers is a tie and rounds to the
// even one. Example: weight 1/4, own 12 and partner 10 give 10.5, which rounds to 10.
//
// 1. Only a weight that is a multiple of 2^-8 can give a tie. At a tie, weight * |d| is an odd multiple of 1/2. The
//    integer |d| is below 256, so it has at most seven factors of 2, and the weight has at most eight binary places.
// 2. blend_with_ties takes these weights. 2^8 times the mix is then a 16-bit integer, which it rounds.
// 3. blend_without_ties takes all other weights. The rounded mix is partner + sign(d) * floor(M |d| / 2^32 + 1/2),
//    where M is floor(2^32 weight). Example: weight 0.3 has M = 1288490240, and own 110 and partner 100 give 103.
// 4. For weights of at least 2^-9, M / 2^32 equals the weight, because a float32 of this size has no bit below 2^-32.
//    For smaller weights, both weight * |d| and M |d| / 2^32 are below 1/2 and round to 0.
// 5. The float64 formula rounds to the same integer: its error is too small to carry weight * d across a tie.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "base/dtype.h"
#include "simd/byte_weight_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

// Returns distance * M / 2^32, rounded to nearest, for 16 distances |d|. `high` and `low` are the 16-bit halves of M =
// floor(2^32 weight).
inline __m256i scale_distance(__m256i distance, __m256i high, __m256i low) {
  const __m256i whole = _mm256_mulhi_epu16(distance, high);
  // The fraction of the product, in units of 2^-16. If its two summands reach 1 or slightly more, the sum saturates
  // just below 1, which rounds up too.
  const __m256i fraction = _mm256_adds_epu16(_mm256_mullo_epi16(distance, high), _mm256_mulhi_epu16(distance, low));
  return _mm256_add_epi16(whole, _mm256_srli_epi16(fraction, 15));
}

inline __m256i load_32(const uint8_t* x) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)); }
inline void store_32(uint8_t* out, __m256i x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), x); }

// Blends 32 elements at a time and returns the number of blended elements, as all blend functions of this file do.
// `out` may be `own`.
inline int64_t blend_by_distance(uint8_t* out, const uint8_t* own, const uint8_t* partner, __m256i high, __m256i low,
                                 int64_t n) {
  const __m256i zero = _mm256_setzero_si256();
  int64_t k = 0;
  for (; k + 32 <= n; k += 32) {
    const __m256i x = load_32(own + k);
    const __m256i y = load_32(partner + k);
    const __m256i above = _mm256_subs_epu8(x, y);
    const __m256i distance = _mm256_or_si256(above, _mm256_subs_epu8(y, x));
    const __m256i delta = _mm256_packus_epi16(scale_distance(_mm256_unpacklo_epi8(distance, zero), high, low),
                                              scale_distance(_mm256_unpackhi_epi8(distance, zero), high, low));
    // Equal pixels also count as `down`, but their delta is 0.
    const __m256i down = _mm256_cmpeq_epi8(above, zero);
    store_32(out + k, _mm256_blendv_epi8(_mm256_add_epi8(y, delta), _mm256_sub_epi8(y, delta), down));
  }
  return k;
}

// Computes base + round((other - base) * factor / 2^15), in less than half the instructions of blend_by_distance. Both
// functions give the same results if rounds_alike(factor). factor / 2^15 stands for the weight of `other`, which is
// below 1/2. So the rounded product is between -127 and 127 and fits a signed byte.
inline int64_t blend_by_factor(uint8_t* out, const uint8_t* other, const uint8_t* base, int16_t factor, int64_t n) {
  const __m256i factors = _mm256_set1_epi16(factor);
  // Pairs of bytes (1, -1): maddubs multiplies each pair (other, base) by them and adds, which gives other - base.
  const __m256i signs = _mm256_set1_epi16(static_cast<int16_t>(0xff01));
  int64_t k = 0;
  for (; k + 32 <= n; k += 32) {
    const __m256i x = load_32(other + k);
    const __m256i y = load_32(base + k);
    const __m256i low = _mm256_mulhrs_epi16(_mm256_maddubs_epi16(_mm256_unpacklo_epi8(x, y), signs), factors);
    const __m256i high = _mm256_mulhrs_epi16(_mm256_maddubs_epi16(_mm256_unpackhi_epi8(x, y), signs), factors);
    store_32(out + k, _mm256_add_epi8(y, _mm256_packs_epi16(low, high)));
  }
  return k;
}

// Whether blend_by_factor with `factor` gives the same results as blend_by_distance for all differences from -255 to
// 255.
inline bool rounds_alike(int16_t factor, __m256i high, __m256i low) {
  const __m256i factors = _mm256_set1_epi16(factor);
  __m256i distance = _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  __m256i wrong = _mm256_setzero_si256();
  for (int k = 0; k < 16; ++k) {
    const __m256i exact = scale_distance(distance, high, low);
    const __m256i down = _mm256_mulhrs_epi16(_mm256_sub_epi16(_mm256_setzero_si256(), distance), factors);
    wrong = _mm256_or_si256(wrong, _mm256_xor_si256(_mm256_mulhrs_epi16(distance, factors), exact));
    wrong = _mm256_or_si256(wrong, _mm256_add_epi16(down, exact));
    distance = _mm256_add_epi16(distance, _mm256_set1_epi16(16));
  }
  return _mm256_testz_si256(wrong, wrong);
}

// An entry of a per-thread cache: a weight and a factor that rounds_alike accepts for it, or kNoFactor if it accepts
// none. A cache of 256 entries is enough for the weights of a batch.
struct TriedFactor {
  float weight;
  int16_t factor;
};
constexpr int16_t kNoFactor = -1;
inline TriedFactor& tried_factor(float weight) {
  // An empty entry has weight 0. Nobody looks up this weight, because mix() copies an image at weights 0 and 1.
  thread_local TriedFactor tried[256];
  return tried[bit_cast<uint32_t>(weight) * 2654435761u >> 24];
}

// Blends with a weight that cannot give a tie. 2^15 times the weight lies between two integers. For nine weights in
// ten, rounds_alike accepts one of the two as a factor. Then blend_by_factor blends, otherwise blend_by_distance.
inline int64_t blend_without_ties(uint8_t* out, const uint8_t* own, const uint8_t* partner, float weight, int64_t n) {
  constexpr int64_t kWorthTrying = 1024;
  const ByteMix mix = with_smaller_weight(own, partner, weight);
  const __m256i high = _mm256_set1_epi16(static_cast<int16_t>(mix.scaled >> 16));
  const __m256i low = _mm256_set1_epi16(static_cast<int16_t>(mix.scaled & 0xffff));
  TriedFactor& tried = tried_factor(mix.weight);
  if (tried.weight != mix.weight && n >= kWorthTrying) {
    const auto below = static_cast<int16_t>(mix.scaled >> 17);
    const auto above = static_cast<int16_t>(below + 1);
    tried = {mix.weight, rounds_alike(below, high, low) ? below : rounds_alike(above, high, low) ? above : kNoFactor};
  }
  if (tried.weight == mix.weight && tried.factor != kNoFactor) {
    return blend_by_factor(out, mix.other, mix.base, tried.factor, n);
  }
  return blend_by_distance(out, mix.other, mix.base, high, low, n);
}

// Computes 16 mixes (x * own + y * rest) / 2^8, rounded to nearest even. `own` and `rest` are the weights in units of
// 2^-8.
inline __m256i blend_whole(__m256i x, __m256i y, __m256i own, __m256i rest) {
  const __m256i sum = _mm256_add_epi16(_mm256_mullo_epi16(x, own), _mm256_mullo_epi16(y, rest));
  const __m256i last = _mm256_and_si256(_mm256_srli_epi16(sum, 8), _mm256_set1_epi16(1));
  return _mm256_srli_epi16(_mm256_add_epi16(_mm256_add_epi16(sum, _mm256_set1_epi16(127)), last), 8);
}

// Blends with a weight that is a multiple of 2^-8. Only then can a mix lie halfway between two integers.
inline int64_t blend_with_ties(uint8_t* out, const uint8_t* own, const uint8_t* partner, float weight, int64_t n) {
  const int16_t units = static_cast<int16_t>(weight * 256.0f);
  const __m256i in = _mm256_set1_epi16(units);
  const __m256i rest = _mm256_set1_epi16(static_cast<int16_t>(256 - units));
  const __m256i zero = _mm256_setzero_si256();
  int64_t k = 0;
  for (; k + 32 <= n; k += 32) {
    const __m256i x = load_32(own + k);
    const __m256i y = load_32(partner + k);
    store_32(out + k,
             _mm256_packus_epi16(blend_whole(_mm256_unpacklo_epi8(x, zero), _mm256_unpacklo_epi8(y, zero), in, rest),
                                 blend_whole(_mm256_unpackhi_epi8(x, zero), _mm256_unpackhi_epi8(y, zero), in, rest)));
  }
  return k;
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
