// Stores past the caches, for results that nobody reads until they are complete. The processor then need not read a
// cache line before it overwrites the whole line. Part of kernels_inl.h and resample_kernels_inl.h.
#pragma once

#include <cstdint>
#include <cstring>

#include "simd/kernels.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace fastmix {
namespace FM_ISA {
namespace {

// Stores one cache line. `to` must be aligned to a cache line.
inline void stream_line(void* to, const void* from) {
#if defined(__AVX512F__)
  _mm512_stream_si512(static_cast<__m512i*>(to), _mm512_loadu_si512(from));
#elif defined(__AVX2__)
  for (int k = 0; k < 2; ++k)
    _mm256_stream_si256(static_cast<__m256i*>(to) + k, _mm256_loadu_si256(static_cast<const __m256i*>(from) + k));
#elif defined(__SSE2__)
  for (int k = 0; k < 4; ++k)
    _mm_stream_si128(static_cast<__m128i*>(to) + k, _mm_loadu_si128(static_cast<const __m128i*>(from) + k));
#else
  memcpy(to, from, kLineBytes);
#endif
}

// Copies any number of bytes; partly filled cache lines are stored as usual.
inline void stream(void* to, const void* from, int64_t bytes) {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  const int64_t to_line = -reinterpret_cast<intptr_t>(to) & (kLineBytes - 1);
  const int64_t head = to_line < bytes ? to_line : bytes;
  memcpy(out, in, head);
  int64_t k = head;
  for (; k + kLineBytes <= bytes; k += kLineBytes) stream_line(out + k, in + k);
  memcpy(out + k, in + k, bytes - k);
}

// Makes streamed stores visible to other threads before this thread's later writes.
inline void order_streams() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
