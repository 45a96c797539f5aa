// The interpreter's roundings against the processor's, which takes its direction from the environment of floats.
#include "ptx/rounding.h"

#include <bit>
#include <cfenv>
#include <cmath>
#include <random>

#include "check.h"

namespace fastmix::test {
namespace {

using ptx::Direction;

float rounded_by_the_processor(int mode, float a, float b, float c) {
  volatile float x = a, y = b, z = c;
  std::fesetround(mode);
  volatile float result = std::fma(x, y, z);
  std::fesetround(FE_TONEAREST);
  return ptx::canonical(result);
}

void check_fused(float a, float b, float c) {
  const auto check = [&](const char* name, float found, int mode) {
    const float expected = rounded_by_the_processor(mode, a, b, c);
    CHECK(std::bit_cast<uint32_t>(found) == std::bit_cast<uint32_t>(expected), name, " of ", a, ", ", b, ", ", c,
          ": got ", found, " instead of ", expected);
  };
  check("fma.rm", ptx::fused<Direction::kDown>(a, b, c), FE_DOWNWARD);
  check("fma.rp", ptx::fused<Direction::kUp>(a, b, c), FE_UPWARD);
  check("fma.rz", ptx::fused<Direction::kTowardZero>(a, b, c), FE_TOWARDZERO);
}

TEST(ptx_fused_products_and_sums_round_in_each_direction) {
  std::mt19937 random(91);
  const auto any = [&] { return std::bit_cast<float>(static_cast<uint32_t>(random())); };
  constexpr float kSpecial[] = {0.0f,       -0.0f,     1.0f,      -1.0f, 0x1p-149f,
                                -0x1p-149f, 0x1p-126f, HUGE_VALF, NAN,   0x1.fffffep127f};
  for (int k = 0; k < 100000; ++k) {
    check_fused(any(), any(), any());
    // Sums that nearly cancel, and sums whose smaller part is far below the last place.
    const float a = std::ldexp(any(), -static_cast<int>(random() % 4)),
                b = 1.0f + static_cast<float>(random() % 4096) * 0x1p-23f;
    check_fused(a, b, -a);
    check_fused(a, b, std::ldexp(a, static_cast<int>(random() % 60) - 30));
  }
  for (const float a : kSpecial) {
    for (const float b : kSpecial) {
      for (const float c : kSpecial) check_fused(a, b, c);
    }
  }
}

// All 16-bit floats come back, and the middle between two neighbours goes to the even one.
template <typename Format>
void check_narrowing() {
  for (uint32_t bits = 0; bits < 0x8000; ++bits) {
    const double value = Format::to(static_cast<uint16_t>(bits));
    if (value != value) continue;
    CHECK(Format::from(value) == bits, "bits ", bits);
    CHECK(Format::from(-value) == (bits | 0x8000), "bits ", bits);
    const double next = Format::to(static_cast<uint16_t>(bits + 1));
    if (!std::isfinite(next)) continue;
    const double middle = (value + next) / 2;
    CHECK(Format::from(middle) == bits + (bits & 1), "the middle above ", bits);
    CHECK(Format::from(std::nextafter(middle, 0.0)) == bits, "below the middle above ", bits);
    CHECK(Format::from(std::nextafter(middle, HUGE_VAL)) == bits + 1, "above the middle above ", bits);
  }
}
TEST(ptx_numbers_narrow_to_the_nearest) {
  check_narrowing<ptx::Float16>();
  check_narrowing<ptx::BrainFloat16>();
}

}  // namespace
}  // namespace fastmix::test
