// Mixes spans and sums up gradients, for every element type. Part of kernels_inl.h.
#pragma once

#include <cstring>

#include "base/with_type.h"
#include "simd/blend_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

template <typename T>
void mix_span(void* out, const void* own, const void* partner, float weight, int64_t n) {
  if (weight == 1.0f) {
    if (out != own) memcpy(out, own, n * sizeof(T));
  } else if (weight == 0.0f) {
    if (out != partner) memcpy(out, partner, n * sizeof(T));
  } else {
    blend_span(static_cast<T*>(out), static_cast<const T*>(own), static_cast<const T*>(partner), weight, n);
  }
}

void mix(DType dtype, void* out, const void* own, const void* partner, float weight, int64_t n) {
  with_element_type(dtype, [&](auto zero) { mix_span<decltype(zero)>(out, own, partner, weight, n); });
}

template <typename T>
void accumulate_span(double* acc, const void* x, double weight, int64_t n) {
  const T* values = static_cast<const T*>(x);
#pragma GCC ivdep
  for (int64_t k = 0; k < n; ++k) acc[k] += weight * widen(values[k]);
}

void accumulate(DType dtype, double* acc, const void* x, double weight, int64_t n) {
  with_element_type(dtype, [&](auto zero) { accumulate_span<decltype(zero)>(acc, x, weight, n); });
}

template <typename T>
void store_span(void* out, const double* acc, int64_t n) {
  T* values = static_cast<T*>(out);
#pragma GCC ivdep
  for (int64_t k = 0; k < n; ++k) values[k] = narrow<T>(acc[k]);
}

void store(DType dtype, void* out, const double* acc, int64_t n) {
  with_element_type(dtype, [&](auto zero) { store_span<decltype(zero)>(out, acc, n); });
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
