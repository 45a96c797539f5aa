// Pillow's formulas for one pixel, for host and device. Every rounding is part of the formula.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "base/host_device.h"

namespace fastmix {

// Pillow's grey level of a colour ("L").
FM_HD uint32_t luma(uint32_t r, uint32_t g, uint32_t b) { return (19595u * r + 38470u * g + 7471u * b + 32768u) >> 16; }

// Pillow's Image.blend: degenerate + factor * (value - degenerate). Every operation rounds to float32; the result is
// clamped to [0, 255] and truncated. `degenerate` is the level at factor 0.
FM_HD int32_t blend_level(int32_t degenerate, int32_t value, float factor) {
  float level = static_cast<float>(degenerate) + factor * static_cast<float>(value - degenerate);
  level = level < 0.0f ? 0.0f : level;
  level = level > 255.0f ? 255.0f : level;
  return static_cast<int32_t>(level);
}

// Pillow's SMOOTH: floor((2 * s + 13) / 26), where s is the sum of a 3 x 3 neighbourhood plus four times its centre. It
// equals floor((s + 6) / 13). Here 5042 / 65536 replaces 1 / 13. It is slightly larger, but s + 6 <= 3321, so the
// product exceeds the quotient by 0.04, which is less than 1 / 13: the floor is the same.
FM_HD uint32_t smooth_level(uint32_t s) { return ((s + 6u) * 5042u) >> 16; }

// A box filter of fractional width. Each of the 2 * radius + 1 levels in the middle has the weight `inner`, and one
// more level on either side has the weight `edge`. Weights are multiples of 2^-24.
struct BoxWeights {
  int32_t radius;
  uint32_t inner, edge;
};
FM_HD uint32_t box_level(uint32_t inner_sum, uint32_t edge_sum, uint32_t inner, uint32_t edge) {
  return (inner_sum * inner + edge_sum * edge + (1u << 23)) >> 24;
}

// Pillow's 8-bit HSV.
struct Hsv {
  int32_t h, s, v;
};

FM_HD Hsv to_hsv(int32_t r, int32_t g, int32_t b) {
  const int32_t more = r > g ? r : g, less = r < g ? r : g;
  const int32_t most = more > b ? more : b, least = less < b ? less : b;
  const int32_t colored = -static_cast<int32_t>(most != least);  // a mask: compilers do not vectorise branches
  const float range = static_cast<float>(most - least + 1 + colored);
  const float rc = static_cast<float>(most - r) / range;
  const float gc = static_cast<float>(most - g) / range;
  const float bc = static_cast<float>(most - b) / range;
  // Pillow computes the second and the third in float64 and rounds them once.
  const int32_t from_red = bit_cast<int32_t>(bc - gc);
  const int32_t from_green = bit_cast<int32_t>(static_cast<float>(2.0 + static_cast<double>(rc) - bc));
  const int32_t from_blue = bit_cast<int32_t>(static_cast<float>(4.0 + static_cast<double>(gc) - rc));
  const int32_t red = -static_cast<int32_t>(r == most), green = -static_cast<int32_t>(g == most);
  const float turned = bit_cast<float>((from_red & red) | (((from_green & green) | (from_blue & ~green)) & ~red));
  const double sixth = static_cast<double>(turned) / 6.0 + 1.0;
  const float h = static_cast<float>(sixth - static_cast<double>(static_cast<int32_t>(sixth)));
  const float s = static_cast<float>(most - least) / static_cast<float>(most + static_cast<int32_t>(most == 0));
  const int32_t hue = static_cast<int32_t>(static_cast<double>(h) * 255.0);
  return {hue & colored, static_cast<int32_t>(static_cast<double>(s) * 255.0) & colored, most};
}

// Rounds half away from zero; x >= 0.
FM_HD int32_t round_level(double x) { return static_cast<int32_t>(x + 0.5); }

FM_HD void from_hsv(const Hsv& x, int32_t& r, int32_t& g, int32_t& b) {
  const double turned = static_cast<double>(x.h) * 6.0 / 255.0;
  const int32_t sector = static_cast<int32_t>(turned);
  const float part = static_cast<float>(turned - static_cast<double>(sector));
  const float s = static_cast<float>(static_cast<double>(x.s) / 255.0);
  const double v = static_cast<double>(x.v);
  const int32_t p = round_level(v * (1.0 - static_cast<double>(s)));
  const int32_t q = round_level(v * (1.0 - static_cast<double>(s * part)));
  const int32_t t = round_level(v * (1.0 - static_cast<double>(s) * (1.0 - static_cast<double>(part))));
  const int32_t k = sector % 6;
  // By sector: V t p, q V p, p V t, p q V, t p V, V p q. Masks, because compilers do not vectorise these choices.
  const auto choose = [&](int32_t full, int32_t full_too, int32_t falling, int32_t rising) {
    const auto mask = [&](int32_t sector) { return -static_cast<int32_t>(k == sector); };
    return p ^ ((p ^ q) & mask(falling)) ^ ((p ^ t) & mask(rising)) ^ ((p ^ x.v) & (mask(full) | mask(full_too)));
  };
  r = choose(5, 0, 1, 4);
  g = choose(1, 2, 3, 0);
  b = choose(3, 4, 5, 2);
}

// Adds `shift` to the hue, modulo 256. Grey pixels keep their bytes.
FM_HD void turn_hue(int32_t shift, int32_t& r, int32_t& g, int32_t& b) {
  Hsv x = to_hsv(r, g, b);
  x.h = (x.h + shift) & 255;
  from_hsv(x, r, g, b);
}

// Pillow interpolates the pixels of warps by these two functions, linear() and cubic(), in float64. linear() blends
// a at t = 0 with b at t = 1.
FM_HD double linear(double a, double b, double t) { return a + (b - a) * t; }

// Cubic convolution (Keys, parameter -1) of the samples a, b, c, d at the positions -1, 0, 1, 2, evaluated at t in
// [0, 1).
FM_HD double cubic(double a, double b, double c, double d, double t) {
  const double p2 = -a + c;
  const double p3 = 2.0 * (a - b) + c - d;
  const double p4 = -a + b - c + d;
  return b + t * (p2 + t * (p3 + t * p4));
}

FM_HD int32_t clamp_level(double level) {
  level = level < 0.0 ? 0.0 : level;
  level = level > 255.0 ? 255.0 : level;
  return static_cast<int32_t>(level);
}

// The largest integer <= x, for |x| < 2^31.
FM_HD int32_t floor_of(double x) {
  const int32_t toward_zero = static_cast<int32_t>(x);
  return toward_zero - (x < static_cast<double>(toward_zero) ? 1 : 0);
}

}  // namespace fastmix
