// Pillow's formulas for one pixel, for host and device. Every rounding is part of the formula.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "base/host_device.h"

namespace fastmix {

// The grey level of a colour, as in Pillow's mode "L".
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
// equals floor((s + 6) / 13). The code multiplies by 5042 / 65536, which is slightly larger than 1 / 13. Because s + 6
// <= 3321, the product exceeds the quotient by at most 0.04. That is less than 1 / 13, so the floor is the same.
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

// A pixel in Pillow's HSV mode: hue, saturation and value, each 0 to 255. Pillow converts partly in float64. float32
// gives the same levels here: tests/core/hue_test.cc compares all colours.
struct Hsv {
  int32_t h, s, v;
};

// condition ? yes : no, by a mask, because compilers do not vectorise branches.
FM_HD int32_t choose(bool condition, int32_t yes, int32_t no) {
  return no ^ ((no ^ yes) & -static_cast<int32_t>(condition));
}

FM_HD Hsv to_hsv(int32_t r, int32_t g, int32_t b) {
  const int32_t more = r > g ? r : g, less = r < g ? r : g;
  const int32_t most = more > b ? more : b, least = less < b ? less : b;
  const int32_t middle = r + g + b - most - least, range = most - least;
  const float part = static_cast<float>(most - middle) / static_cast<float>(range + static_cast<int32_t>(range == 0));
  // `turned` is the hue in sixths of a turn: -1 + part or 1 - part if r is the largest channel, 1 + part or 3 - part if
  // g is, else 3 + part or 5 - part.
  const int32_t third = choose(r == most, 0, choose(g == most, 1, 2));
  const bool adds = choose(third == 0, g, choose(third == 1, b, r)) == least;
  const float base = static_cast<float>(2 * third + choose(adds, -1, 1));
  const float turned = base + bit_cast<float>(choose(adds, bit_cast<int32_t>(part), bit_cast<int32_t>(-part)));
  const float whole = static_cast<float>(static_cast<int32_t>(turned < 0.0f));
  const int32_t hue = static_cast<int32_t>((whole + turned / 6.0f) * 255.0f);
  const float saturation = static_cast<float>(255 * range) / static_cast<float>(most + static_cast<int32_t>(most == 0));
  return {choose(range == 0, 0, hue), static_cast<int32_t>(saturation), most};
}

FM_HD void from_hsv(const Hsv& x, int32_t& r, int32_t& g, int32_t& b) {
  const int32_t turned = 6 * x.h, sector = turned / 255, part = turned - 255 * sector;
  const float v = static_cast<float>(x.v), step = static_cast<float>(x.v * x.s) * (1.0f / 65025.0f);
  // v * (1 - s / 255 * share / 255), rounded.
  const auto faded = [&](int32_t share) { return static_cast<int32_t>(v + 0.5f - step * static_cast<float>(share)); };
  const int32_t p = faded(255), q = faded(part), t = faded(255 - part), k = sector % 6;
  // (r, g, b) is (v, t, p), (q, v, p), (p, v, t), (p, q, v), (t, p, v) or (v, p, q) in sectors 0 to 5.
  const auto by_sector = [&](int32_t full, int32_t full_too, int32_t falling, int32_t rising) {
    const int32_t sloped = choose(k == falling, q, choose(k == rising, t, p));
    return choose(k == full, x.v, choose(k == full_too, x.v, sloped));
  };
  r = by_sector(5, 0, 1, 4);
  g = by_sector(1, 2, 3, 0);
  b = by_sector(3, 4, 5, 2);
}

// Adds `shift` to the hue, modulo 256. Grey pixels keep their bytes.
FM_HD void turn_hue(int32_t shift, int32_t& r, int32_t& g, int32_t& b) {
  Hsv x = to_hsv(r, g, b);
  x.h = (x.h + shift) & 255;
  from_hsv(x, r, g, b);
}

// Pillow interpolates the pixels of warps by these two functions, linear() and cubic(), in float64. linear() gives a at
// t = 0 and b at t = 1.
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
