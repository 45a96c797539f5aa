// The inner loops of the processor's kernels against the formulas, on every byte and every 16-bit float.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "augment/augment_kernels.h"
#include "check.h"
#include "formula/mix_math.h"
#include "simd/kernels.h"

namespace fastmix::test {
namespace {

// Weights with many ties, with few, and next to the ends.
std::vector<float> weights(int more) {
  std::vector<float> all = {0x1p-149f, 0x1p-32f, 0x1p-10f, 0x1p-9f, 0x1.fffffep-2f, 0x1.000002p-1f, 0x1.fffffep-1f};
  for (int units = 1; units < 256; units += 6) all.push_back(static_cast<float>(units) / 256.0f);
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(0.001f, 0.999f);
  for (int k = 0; k < more; ++k) all.push_back(uniform(random));
  return all;
}

// Mixes all values of T with values in another order, and lengths that fill no vector.
template <typename T>
void check_mix(DType dtype, const std::vector<T>& own, const std::vector<T>& partner, float weight) {
  const auto n = static_cast<int64_t>(own.size()) - 3;
  std::vector<T> out(own.size());
  std::memcpy(out.data(), own.data(), own.size() * sizeof(T));
  cpu_kernels().mix(dtype, out.data(), own.data(), partner.data(), weight, n);
  for (int64_t k = 0; k < n; ++k) {
    const T expected = mix_element(own[k], partner[k], weight);
    const bool both_nan = std::isnan(widen(expected)) && std::isnan(widen(out[k]));
    CHECK(both_nan || std::memcmp(&out[k], &expected, sizeof(T)) == 0, "element ", k, ", weight ", weight);
  }
  CHECK(std::memcmp(&out[n], &own[n], 3 * sizeof(T)) == 0, "wrote beyond ", n);
}

template <typename T16>
void check_mix_16(DType dtype) {
  std::vector<T16> own(1 << 16), partner(1 << 16);
  for (int weight = 0; weight < 8; ++weight) {
    const std::vector<float> some = weights(2);
    for (int k = 0; k < 1 << 16; ++k) {
      own[k].bits = static_cast<uint16_t>(k);
      // Odd factors permute; the sum keeps most partners near.
      partner[k].bits = static_cast<uint16_t>(weight % 2 == 0 ? k + 37 * weight : k * (2 * weight + 1));
    }
    check_mix(dtype, own, partner, some[(weight * 13) % some.size()]);
  }
}

TEST(cpu_mixes_all_pairs_of_bytes) {
  std::vector<uint8_t> own(1 << 16), partner(1 << 16);
  for (int k = 0; k < 1 << 16; ++k) own[k] = static_cast<uint8_t>(k), partner[k] = static_cast<uint8_t>(k >> 8);
  for (const float weight : weights(40)) check_mix(DType::kU8, own, partner, weight);
}
TEST(cpu_mixes_all_float16) { check_mix_16<Half>(DType::kF16); }
TEST(cpu_mixes_all_bfloat16) { check_mix_16<BFloat16>(DType::kBF16); }

TEST(cpu_unpacks_rows_of_all_widths) {
  for (int32_t channels = 1; channels <= 4; ++channels) {
    for (int64_t width = 0; width <= 70; ++width) {
      std::vector<uint8_t> row(width * channels + 1), out(row.size(), 7), expected(out);
      for (size_t k = 0; k < row.size(); ++k) row[k] = static_cast<uint8_t>(k * 31);
      for (const int form : {0, 1, 2, 3}) {
        const bool planar = form % 2 != 0, mirror = form > 1;
        for (int64_t x = 0; x < width; ++x) {
          for (int32_t c = 0; c < channels; ++c) {
            expected[planar ? c * width + x : x * channels + c] = row[(mirror ? width - 1 - x : x) * channels + c];
          }
        }
        cpu_kernels().unpack(out.data(), row.data(), width, channels, planar, mirror);
        CHECK(out == expected, "width ", width, ", channels ", channels, ", form ", form);
      }
    }
  }
}

TEST(cpu_looks_up_all_levels) {
  std::vector<uint8_t> in(1000), out(1001, 7), table(256);
  for (int k = 0; k < 256; ++k) table[k] = static_cast<uint8_t>(k * 91 + 5);
  for (size_t k = 0; k < in.size(); ++k) in[k] = static_cast<uint8_t>(k * 7);
  for (int64_t n = 0; n <= 1000; n += n < 70 ? 1 : 93) {
    std::fill(out.begin(), out.end(), uint8_t{7});
    augment_kernels().look_up(out.data(), in.data(), table.data(), n);
    for (int64_t k = 0; k < n; ++k) CHECK(out[k] == table[in[k]], "element ", k, " of ", n);
    CHECK(out[n] == 7, "wrote beyond ", n);
  }
}

}  // namespace
}  // namespace fastmix::test
