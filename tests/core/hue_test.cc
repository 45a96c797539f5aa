// Hue in float32 against Pillow's formulas, which are partly in float64, for all colours.
#include <algorithm>

#include "augment/pixel_math.h"
#include "check.h"

namespace fastmix::test {
namespace {

// The fraction of a positive number.
double fraction(double x) { return x - static_cast<double>(static_cast<int32_t>(x)); }

Hsv pillow_hsv(int32_t r, int32_t g, int32_t b) {
  const int32_t most = std::max({r, g, b}), least = std::min({r, g, b});
  if (most == least) return {0, 0, most};
  const auto range = static_cast<float>(most - least);
  const auto below = [&](int32_t level) { return static_cast<float>(most - level) / range; };
  const float rc = below(r), gc = below(g), bc = below(b);
  float turned = bc - gc;
  if (r != most) turned = static_cast<float>(g == most ? 2.0 + rc - bc : 4.0 + gc - rc);
  const auto h = static_cast<float>(fraction(turned / 6.0 + 1.0));
  const float s = range / static_cast<float>(most);
  return {static_cast<int32_t>(h * 255.0), static_cast<int32_t>(s * 255.0), most};
}

int32_t rounded(double x) { return static_cast<int32_t>(x + 0.5); }

void pillow_rgb(const Hsv& x, int32_t (&color)[3]) {
  const double turned = x.h * 6.0 / 255.0;
  const auto part = static_cast<float>(fraction(turned)), s = static_cast<float>(x.s / 255.0);
  const double v = x.v;
  const int32_t p = rounded(v * (1.0 - s)), q = rounded(v * (1.0 - s * part));
  const int32_t t = rounded(v * (1.0 - s * (1.0 - part)));
  const int32_t colors[6][3] = {{x.v, t, p}, {q, x.v, p}, {p, x.v, t}, {p, q, x.v}, {t, p, x.v}, {x.v, p, q}};
  for (int c = 0; c < 3; ++c) color[c] = colors[static_cast<int32_t>(turned) % 6][c];
}

template <typename Visit>
void for_all_triples(const Visit& visit) {
  for (int32_t a = 0; a < 256; ++a) {
    for (int32_t b = 0; b < 256; ++b) {
      for (int32_t c = 0; c < 256; ++c) visit(a, b, c);
    }
  }
}

}  // namespace

TEST(hue_of_every_colour_is_pillows) {
  for_all_triples([](int32_t r, int32_t g, int32_t b) {
    const Hsv found = to_hsv(r, g, b), expected = pillow_hsv(r, g, b);
    if (found.h == expected.h && found.s == expected.s && found.v == expected.v) return;
    CHECK(false, r, ", ", g, ", ", b, ": ", found.h, " ", found.s, " ", found.v, ", not ", expected.h, " ", expected.s,
          " ", expected.v);
  });
}

TEST(hue_to_every_colour_is_pillows) {
  for_all_triples([](int32_t h, int32_t s, int32_t v) {
    int32_t r = 0, g = 0, b = 0, expected[3];
    from_hsv({h, s, v}, r, g, b);
    pillow_rgb({h, s, v}, expected);
    if (r == expected[0] && g == expected[1] && b == expected[2]) return;
    CHECK(false, h, ", ", s, ", ", v, ": ", r, " ", g, " ", b, ", not ", expected[0], " ", expected[1], " ",
          expected[2]);
  });
}

}  // namespace fastmix::test
