// Values that random images hardly ever have: any bits, neighbours whose mix is a tie, and all pairs of bytes. Only
// these show an instruction that rounds in another direction.
#include <algorithm>
#include <cstring>

#include "cases.h"
#include "check.h"
#include "host_cuda.h"

namespace fastmix::test {
namespace {

using Kernel = void (*)(const MixParams&, CudaStream);

void check_kernel(const MixCase& mix_case, const std::vector<unsigned char>& expected, Kernel kernel) {
  kernel(mix_case.params, nullptr);
  const int64_t count = mix_case.plan.batch() * mix_case.params.elements;
  const int64_t at = first_difference(mix_case.params.dtype, mix_case.out->data(), expected.data(), count);
  CHECK(at < 0, mix_case.describe(), ": kernel and naive loop differ at ", at);
}

// Where the formulas change their ways, and the neighbours of such places.
float weight(Random& random) {
  constexpr float kWeights[] = {0.0f,
                                1.0f,
                                0x1p-20f,
                                0x1p-19f,
                                0x1p-22f,
                                0x1p-23f,
                                0.5f,
                                0.25f,
                                0.75f,
                                0.125f,
                                0x1.8p-3f,
                                0.5f + 0x1p-24f,
                                0.5f - 0x1p-25f,
                                0.3f,
                                0x1p-10f,
                                0x1p-30f,
                                0x1p-126f,
                                1.0f - 0x1p-24f,
                                0x1.fffffep-20f,
                                0.7f,
                                0.499f,
                                0.9f};
  if (random() % 3 == 0) return static_cast<float>(random() >> 8) * 0x1p-24f;
  return kWeights[random() % std::size(kWeights)];
}

// The same element of every sample gets numbers that lie next to each other, so that many mixes are ties.
void make_neighbours(Random& random, const MixCase& mix_case, unsigned char* data) {
  const bool subnormal = random() % 2 == 0, signs = random() % 2 == 0;
  const uint32_t range = random() % 2 == 0 ? 4 : 64;
  for (int64_t e = 0; e < mix_case.params.elements; ++e) {
    const uint32_t first = random() & (subnormal ? 0x83ff : 0xffff);
    for (int32_t i = 0; i < mix_case.plan.batch(); ++i) {
      auto bits = static_cast<uint16_t>(first + random() % range);
      if (signs && random() % 2 == 0) bits ^= 0x8000;
      if (random() % 97 == 0) bits = random() % 2 == 0 ? 0x8000 : 0;
      std::memcpy(data + i * mix_case.sample_bytes() + 2 * e, &bits, 2);
    }
  }
}

void check_values(Random& random, DType dtype, Mixing mixing, bool backward, int round) {
  const bool in_place = !backward && round % 2 == 1;
  const size_t misalignment = round % 5 < 3 ? 0 : round % 5 - 2;
  MixCase mix_case(random, dtype, {1, 8, 64, false},
                   random_plan(random, 6, round % 3 == 0 ? Pairs::kCycle : Pairs::kFlip, mixing, 8, 64), in_place,
                   misalignment);
  for (PlanRow& row : mix_case.plan.rows) {
    row.weight_in = weight(random);
    row.weight_out = weight(random);
  }
  unsigned char* data = (in_place ? mix_case.out : mix_case.in)->data();
  for (size_t k = 0; k < mix_case.in->size(); ++k) data[k] = static_cast<unsigned char>(random());
  if (size_of(dtype) == 2 && round % 4 != 0) make_neighbours(random, mix_case, data);
  if (in_place) std::memcpy(mix_case.in->data(), data, mix_case.in->size());
  const std::vector<unsigned char> expected = backward ? naive_backward(mix_case.params) : naive_mix(mix_case.params);
  check_kernel(mix_case, expected, backward ? mix_backward_cuda : mix_cuda);
}

void check_all_values(uint32_t seed, std::initializer_list<DType> types, Mixing mixing, bool backward, int rounds) {
  Random random(seed);
  for (const DType dtype : types) {
    for (int round = 0; round < rounds; ++round) check_values(random, dtype, mixing, backward, round);
  }
}

TEST(values_mix_ties) { check_all_values(71, {DType::kF16, DType::kBF16}, Mixing::kBoxes, false, 80); }
TEST(values_mix_ties_with_masks) { check_all_values(72, {DType::kF16, DType::kBF16}, Mixing::kMasks, false, 50); }
TEST(values_gradient_ties) { check_all_values(73, {DType::kF16, DType::kBF16}, Mixing::kBoxes, true, 30); }
TEST(values_gradient_ties_with_masks) { check_all_values(74, {DType::kF16, DType::kBF16}, Mixing::kMasks, true, 30); }
TEST(values_raw_bits) { check_all_values(75, {DType::kF32, DType::kF64}, Mixing::kBoxes, false, 30); }
TEST(values_raw_bits_with_masks) { check_all_values(76, {DType::kF32, DType::kF64}, Mixing::kMasks, false, 15); }
TEST(values_raw_bits_of_gradients) { check_all_values(77, {DType::kF32, DType::kF64}, Mixing::kBoxes, true, 15); }

TEST(values_all_pairs_of_bytes) {
  Random random(78);
  for (int round = 0; round < 24; ++round) {
    MixCase mix_case(random, DType::kU8, {1, 256, 256, false},
                     random_plan(random, 2, Pairs::kFlip, Mixing::kNoBox, 256, 256), false, 0);
    for (PlanRow& row : mix_case.plan.rows) row.weight_in = row.weight_out = weight(random);
    for (int k = 0; k < 65536; ++k) {
      mix_case.in->data()[k] = static_cast<unsigned char>(k);
      mix_case.in->data()[65536 + k] = static_cast<unsigned char>(k >> 8);
    }
    check_kernel(mix_case, naive_mix(mix_case.params), mix_cuda);
  }
}

}  // namespace
}  // namespace fastmix::test
