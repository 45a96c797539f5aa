// Sums without float64: where they call a result settled, it is that of float64, and they settle nearly all.
#include "formula/float_sum.h"

#include <cmath>
#include <limits>

#include "cases.h"
#include "check.h"
#include "cuda/divisor.h"

namespace fastmix::test {
namespace {

// Numbers of every sort, or of one size, so that sums round at every place and cancel.
float number(Random& random, int kind) {
  const uint32_t bits = random();
  switch (kind) {
    case 0:
      return bit_cast<float>(bits);  // any: infinities and NaN too
    case 1:
      return bit_cast<float>((bits & 0x80ffffffu) | 0x3f000000u);  // 2^-1 to 2^1
    case 2:
      return bit_cast<float>(bits & 0x807fffffu);  // subnormal
    case 3:
      return static_cast<float>(static_cast<int32_t>(bits % 33) - 16);  // few bits: exact sums, ties, zeros
    case 4:
      return bit_cast<float>((bits & 0x807fffffu) | 0x7f000000u);  // the largest
    default:
      return bit_cast<float>((bits & 0x80000003u) | 0x3f800000u);  // neighbours of 1
  }
}

float weight(Random& random) {
  constexpr float kSpecial[] = {0.5f, 0.25f, 0.75f, 0x1p-24f, 0x1p-60f, 0x1p-149f, 1.0f - 0x1p-24f, 0.3f, 0.7f};
  if (random() % 2 == 0) return kSpecial[random() % std::size(kSpecial)];
  return static_cast<float>(1 + random() % ((1u << 24) - 1)) * 0x1p-24f;
}

bool same(float a, float b) { return bit_cast<uint32_t>(a) == bit_cast<uint32_t>(b); }

TEST(float_sums_of_two_are_the_mix) {
  Random random(91);
  for (int kind = 0; kind <= 5; ++kind) {
    int settled = 0;
    constexpr int kRounds = 40000;
    for (int round = 0; round < kRounds; ++round) {
      const float own = number(random, kind), partner = number(random, kind), w = weight(random);
      float mixed;
      if (!mix_floats(own, partner, w, &mixed)) continue;
      ++settled;
      CHECK(same(mixed, mix_element(own, partner, w)), "kind ", kind, ": ", own, ", ", partner, ", weight ", w);
    }
    // Subnormal numbers and what overflows stay open, and the ties of 1/4 and 3/4.
    if (kind == 1 || kind == 3 || kind == 5) CHECK(settled > kRounds * 9 / 10, "kind ", kind, ": only ", settled);
  }
}

// The middle of two floats, and what lies next to it by less than float64 can hold.
TEST(float_sums_next_to_ties_are_the_mix) {
  Random random(92);
  int settled = 0;
  constexpr int kRounds = 40000;
  for (int round = 0; round < kRounds; ++round) {
    const float own = number(random, 1), w = random() % 2 == 0 ? 0.5f : 0.25f;
    const float partner =
        round % 2 == 0 ? std::nextafter(own, 4.0f) : std::ldexp(number(random, 1), -(static_cast<int>(random() % 60)));
    float mixed;
    if (!mix_floats(own, partner, w, &mixed)) continue;
    ++settled;
    CHECK(same(mixed, mix_element(own, partner, w)), own, ", ", partner, ", weight ", w);
  }
  CHECK(settled > kRounds * 9 / 10, "only ", settled);
}

TEST(float_sums_of_many_are_those_of_float64) {
  Random random(93);
  for (int kind = 0; kind <= 5; ++kind) {
    int settled = 0;
    constexpr int kRounds = 10000;
    for (int round = 0; round < kRounds; ++round) {
      const int terms = 1 + static_cast<int>(random() % 9);
      FloatSum sum;
      double expected = 0.0;
      for (int k = 0; k < terms; ++k) {
        const double w = random() % 3 == 0 ? weight(random) : (random() + 0.5) * 0x1p-32 + random() * 0x1p-64;
        const float x = number(random, kind);
        sum.add(split(w), x);
        expected += w * static_cast<double>(x);
      }
      float rounded;
      if (!sum.round(static_cast<float>(terms), &rounded)) continue;
      ++settled;
      CHECK(same(rounded, static_cast<float>(expected)), "kind ", kind, ", ", terms, " terms: ", rounded, " for ",
            expected);
    }
    if (kind == 1 || kind == 5) CHECK(settled > kRounds * 99 / 100, "kind ", kind, ": only ", settled);
  }
}

TEST(bounds_of_sums_hold_those_of_float64) {
  Random random(94);
  for (int round = 0; round < 40000; ++round) {
    SumBounds bounds;
    double expected = 0.0, magnitude = 0.0;
    const int terms = 1 + static_cast<int>(random() % 9);
    for (int k = 0; k < terms; ++k) {
      // Of 16-bit floats, subnormal ones among them.
      const float x = round % 2 == 0
                          ? to_float(Half{static_cast<uint16_t>(random() % 0x7c00 | (random() & 0x8000))})
                          : to_float(BFloat16{static_cast<uint16_t>(random() % 0x7000 | (random() & 0x8000))});
      const float own = weight(random);
      const double w = k % 3 == 0 ? own : k % 3 == 1 ? 1.0 - static_cast<double>(own) : own * (1.0 / 3.0);
      bounds.add(k % 3 == 1 ? bounds_of_rest(own) : bounds_of(w), x);
      magnitude += std::fabs(w * x) + 0x1p-127 * std::fabs(x);  // subnormal weights have wide bounds
      expected += w * static_cast<double>(x);
    }
    CHECK(bounds.lowest() <= expected && expected <= bounds.high, bounds.low, " to ", bounds.high, " for ", expected);
    CHECK(bounds.high - bounds.low <= 0x1p-21 * terms * magnitude + 0x1p-140, "wide bounds ", bounds.low, " to ",
          bounds.high);
    CHECK(bounds.lowest() != 0.0f || !std::signbit(bounds.lowest()), "-0 is no sum");
  }
}

TEST(divisor_divides) {
  Random random(95);
  for (int round = 0; round < 20000; ++round) {
    const auto d = static_cast<int32_t>(round < 2000 ? round + 1 : 1 + (random() >> (2 + random() % 28)) % (1u << 30));
    const Divisor divisor(d);
    const uint64_t largest = (uint64_t{1} << 31) - 1, any = random() >> (random() % 31), ud = static_cast<uint64_t>(d);
    for (const uint64_t n : {uint64_t{0}, ud - 1, ud, ud + 1, largest, largest / ud * ud, largest / ud * ud - 1, any,
                             largest + 1, any * ud, any << 32})
      CHECK(divisor.quotient(n) == n / ud, n, " / ", d);
  }
  CHECK(!message_of([] { Divisor(0); }).empty() && !message_of([] { Divisor((1 << 30) + 1); }).empty(), "bad sizes");
}

}  // namespace
}  // namespace fastmix::test
