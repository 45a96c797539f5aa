// Normal noise. Part of augment_kernels_inl.h.
#pragma once

#include <cstdint>

#include "formula/normal_quantile.h"

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr int kNoiseLanes = 64;  // how many Philox counters are computed at a time

// Writes the four words of Philox4x32-10 (random/philox.h) for each of n counters: first, first + 1, ...
inline void philox_words(uint32_t* __restrict words, uint32_t key, uint32_t stream, uint64_t first, int n) {
  alignas(64) uint32_t a[kNoiseLanes], b[kNoiseLanes], c[kNoiseLanes], d[kNoiseLanes];
  for (int k = 0; k < n; ++k) {
    a[k] = static_cast<uint32_t>(first) + k;
    b[k] = static_cast<uint32_t>((first + k) >> 32);
    c[k] = d[k] = 0;
  }
  for (int round = 0; round < 10; ++round) {
    for (int k = 0; k < n; ++k) {
      const uint64_t of_a = uint64_t{0xD2511F53u} * a[k];
      const uint64_t of_c = uint64_t{0xCD9E8D57u} * c[k];
      a[k] = static_cast<uint32_t>(of_c >> 32) ^ b[k] ^ key;
      b[k] = static_cast<uint32_t>(of_c);
      c[k] = static_cast<uint32_t>(of_a >> 32) ^ d[k] ^ stream;
      d[k] = static_cast<uint32_t>(of_a);
    }
    key += 0x9E3779B9u;
    stream += 0xBB67AE85u;
  }
  for (int k = 0; k < n; ++k) {
    words[4 * k] = a[k];
    words[4 * k + 1] = b[k];
    words[4 * k + 2] = c[k];
    words[4 * k + 3] = d[k];
  }
}

void normal_noise(float* __restrict out, uint32_t key, uint32_t stream, uint64_t first, int64_t count) {
  alignas(64) uint32_t words[4 * kNoiseLanes];
  for (int64_t at = 0; at < count; at += kNoiseLanes) {
    const int n = static_cast<int>(count - at < kNoiseLanes ? count - at : kNoiseLanes);
    philox_words(words, key, stream, first + at, n);
    for (int k = 0; k < 4 * n; ++k) out[4 * at + k] = normal_of_bits(words[k]);
  }
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
