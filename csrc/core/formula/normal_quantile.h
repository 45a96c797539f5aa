// Turns random bits into normally distributed float32 numbers, with the same bits on every machine.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/dtype.h"
#include "base/host_device.h"

namespace fastmix {

// Natural logarithm of x in [2^-34, 1]: log(m * 2^k) = k ln 2 + 2 atanh(s), where s = (m - 1) / (m + 1). Since |s| <=
// 0.172, the first omitted term of the series for atanh, s^11 / 11, is below 1e-9.
FM_HD float small_log(float x) {
  constexpr int32_t kRootHalf = 0x3f3504f3;
  const int32_t bits = bit_cast<int32_t>(x);
  const int32_t k = (bits - kRootHalf) >> 23;
  const float m = bit_cast<float>(static_cast<int32_t>(bits - k * (1 << 23)));
  const float s = (m - 1.0f) / (m + 1.0f);
  const float z = s * s;
  return static_cast<float>(k) * 0.693147181f +
         2.0f * s * ((((z / 9.0f + 1.0f / 7.0f) * z + 0.2f) * z + 1.0f / 3.0f) * z + 1.0f);
}

// The quantile of (bits + 1/2) / 2^32 in the standard normal distribution. Relative error below 1e-6 (Wichura 1988,
// algorithm AS 241, PPND7). No branches, so that loops over it vectorise.
FM_HD float normal_of_bits(uint32_t bits) {
  const int32_t centred = static_cast<int32_t>(bits ^ 0x80000000u);
  const int32_t sign = centred >> 31;
  const int32_t beside = centred ^ sign;  // distance from the median, in [0, 2^31)
  const float q = (static_cast<float>(beside) + 0.5f) * 0x1p-32f;
  const float tail = (static_cast<float>(INT32_MAX - beside) + 0.5f) * 0x1p-32f;

  const float a = 0.180625f - q * q;
  const float central = q * (((59.109374720f * a + 159.29113202f) * a + 50.434271938f) * a + 3.3871327179f) /
                        (((67.187563600f * a + 78.757757664f) * a + 17.895169469f) * a + 1.0f);
  const float r = std::sqrt(-small_log(tail)) - 1.6f;
  const float outer = (((0.17023821103f * r + 1.3067284816f) * r + 2.7568153900f) * r + 1.4234372777f) /
                      ((0.12021132975f * r + 0.73700164250f) * r + 1.0f);
  const float x = q > 0.425f ? outer : central;
  return sign < 0 ? -x : x;
}

}  // namespace fastmix
