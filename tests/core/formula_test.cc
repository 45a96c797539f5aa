// The forms of the formulas that only the kernels use, against those of the CPU: the same bits.
#include <type_traits>
#include <vector>

#include "cases.h"
#include "check.h"
#include "formula/mix_math.h"

namespace fastmix::test {
namespace {

// Of every size, and where blend() and the fused form change their ways.
std::vector<float> weights(Random& random, int drawn) {
  std::vector<float> found = {0x1p-149f, 0x1p-60f, 0x1p-22f, 0x1p-21f, 0x1.fffffep-22f, 0x1.000002p-21f,
                              0.25f,     0.5f,     0.75f,    1e-3f,    0x1.fffffep-1f,  0x1.fffffcp-1f};
  // Distances of bytes times these are whole numbers and a half: ties.
  for (int k = 1; k < 255; k += 2) found.push_back(static_cast<float>(k) / 256.0f);
  for (int k = 0; k < drawn; ++k) found.push_back(static_cast<float>(random() % (1u << 24) | 1u) * 0x1p-24f);
  return found;
}

TEST(mix_of_biased_bytes_is_the_mix) {
  Random random(31);
  for (const float weight : weights(random, 40)) {
    for (int own = 0; own < 256; ++own) {
      for (int partner = 0; partner < 256; ++partner) {
        const uint8_t a = static_cast<uint8_t>(own), b = static_cast<uint8_t>(partner);
        const uint8_t fused = static_cast<uint8_t>(bit_cast<uint32_t>(mix_biased(biased(a), biased(b), weight)));
        CHECK(fused == mix_element(a, b, weight), "bytes ", own, " and ", partner, ", weight ", weight);
      }
    }
  }
}

TEST(normalized_biased_bytes_are_the_normalized_ones) {
  Random random(32);
  std::vector<float> all = weights(random, 10);
  all.push_back(0.0f);
  all.push_back(1.0f);
  for (const float weight : all) {
    const float scale = 0.017f, bias = -2.1f;
    for (int own = 0; own < 256; ++own) {
      for (int partner = 0; partner < 256; ++partner) {
        const float expected =
            normalize_element(static_cast<float>(own), static_cast<float>(partner), weight, scale, bias);
        const float found = normalize_biased(biased(static_cast<uint8_t>(own)), biased(static_cast<uint8_t>(partner)),
                                             weight, scale, bias);
        CHECK(bit_cast<uint32_t>(found) == bit_cast<uint32_t>(expected), "bytes ", own, " and ", partner, ", weight ",
              weight);
      }
    }
  }
}

template <typename T>
T narrow_to(float x) {
  return narrow_float<T>(x);
}

// Returns how many of the sums were certain.
template <typename T>
int64_t check_bounds(Random& random, float weight, int count) {
  int64_t certain = 0;
  for (int k = 0; k < count; ++k) {
    const T own{static_cast<uint16_t>(random())};
    T partner{static_cast<uint16_t>(random())};
    // Half of them of like size, where sums cancel.
    if (k % 2 == 0) partner.bits = static_cast<uint16_t>((own.bits ^ 0x8000u) + random() % 64);
    if (k % 16 == 1) partner.bits &= 0x8000u;  // zero
    const MixBounds bounds = mix_bounds(to_float(own), to_float(partner), weight);
    const double mix = blend(widen(own), widen(partner), weight);
    CHECK(weight < kLeastBoundedWeight<T> || !(mix < bounds.low || mix > bounds.high), "values ", own.bits, " and ",
          partner.bits, " as bits, weight ", weight, ": ", bounds.low, " to ", bounds.high, " without ", mix);
    const T low = narrow_to<T>(bounds.low), high = narrow_to<T>(bounds.high);
    const bool finite = to_float(high) - to_float(high) == 0.0f;
    if (low.bits != high.bits || weight < kLeastBoundedWeight<T> || !finite) continue;
    ++certain;
    const T expected = mix_element(own, partner, weight);
    CHECK(low.bits == expected.bits, "values ", own.bits, " and ", partner.bits, " as bits, weight ", weight,
          ": expected ", expected.bits, ", got ", low.bits);
  }
  return certain;
}

TEST(bounds_that_round_alike_give_the_mix) {
  Random random(33);
  constexpr int kCount = 20000;
  for (const float weight : weights(random, 30)) {
    const int64_t half = check_bounds<Half>(random, weight, kCount);
    const int64_t brain = check_bounds<BFloat16>(random, weight, kCount);
    // Random bits are no images: infinite and NaN values, tiny ones, and sums that cancel are among them.
    CHECK(half > kCount / 2 || weight < kLeastBoundedWeight<Half>, "weight ", weight, ": certain only ", half);
    CHECK(brain > kCount / 2 || weight < kLeastBoundedWeight<BFloat16>, "weight ", weight, ": certain only ", brain);
  }
}

}  // namespace
}  // namespace fastmix::test
