// What the kernels promise about memory traffic, counted byte by byte.
#include <algorithm>
#include <vector>

#include "cases.h"
#include "check.h"
#include "host_cuda.h"
#include "plan/gpu_walk.h"

namespace fastmix::test {
namespace {

using host_cuda::Watch;

bool all_equal(const std::vector<uint16_t>& counts, int64_t begin, int64_t bytes, uint16_t value) {
  return std::all_of(counts.begin() + begin, counts.begin() + begin + bytes, [&](uint16_t c) { return c == value; });
}

void check_in_place(Random& random, DType dtype, int32_t batch, Pairs pairs, Mixing mixing, Shape shape) {
  MixCase mix_case(random, dtype, shape, random_plan(random, batch, pairs, mixing, shape.height, shape.width), true,
                   random() % 4 == 0 ? 1 : 0);
  const PlanView plan = mix_case.plan.view();
  const Watch watch(mix_case.out->data(), mix_case.out->size());
  mix_cuda(mix_case.params, nullptr);
  std::vector<bool> partner_of_someone(batch, false);
  for (int32_t i = 0; i < batch; ++i) {
    if (!plan.untouched(i)) partner_of_someone[plan.rows[i].partner] = true;
  }
  for (int32_t i = 0; i < batch; ++i) {
    const int64_t begin = i * mix_case.sample_bytes();
    const uint16_t writes = plan.untouched(i) ? 0 : 1;
    const uint16_t reads = writes == 1 || partner_of_someone[i] ? 1 : 0;
    CHECK(all_equal(watch.writes, begin, mix_case.sample_bytes(), writes), mix_case.describe(), ": sample ", i,
          " is not written ", writes, " times");
    CHECK(all_equal(watch.reads, begin, mix_case.sample_bytes(), reads), mix_case.describe(), ": sample ", i,
          " is not read ", reads, " times");
  }
}

TEST(traffic_in_place_is_one_read_and_one_write) {
  Random random(31);
  for (const DType dtype : {DType::kU8, DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
    for (const Pairs pairs : kPermutations) {
      for (const Mixing mixing : {Mixing::kAllBlended, Mixing::kBoxes}) {
        for (const int32_t batch : {2, 5, 64}) check_in_place(random, dtype, batch, pairs, mixing, {3, 8, 8, false});
        check_in_place(random, dtype, 9, pairs, mixing, {3, 5, 7, true});
      }
    }
  }
  check_in_place(random, DType::kU8, 256, Pairs::kCycle, Mixing::kAllBlended, {3, 16, 16, false});
  check_in_place(random, DType::kBF16, 1500, Pairs::kPermutation, Mixing::kAllBlended, {1, 4, 8, false});
}

TEST(traffic_out_of_place_is_one_read_and_one_write_for_permutations) {
  Random random(32);
  for (const Pairs pairs : kAnyPairs) {
    MixCase mix_case(random, DType::kF32, {3, 8, 8, false}, random_plan(random, 50, pairs, Mixing::kAllBlended, 8, 8),
                     false, 0);
    const Watch in(mix_case.in->data(), mix_case.in->size());
    const Watch out(mix_case.out->data(), mix_case.out->size());
    mix_cuda(mix_case.params, nullptr);
    const auto bytes = static_cast<int64_t>(out.writes.size());
    CHECK(all_equal(out.writes, 0, bytes, 1) && all_equal(out.reads, 0, bytes, 0), "output");
    CHECK(all_equal(in.writes, 0, bytes, 0), "the input is written");
    if (pairs != Pairs::kRepeats) CHECK(all_equal(in.reads, 0, bytes, 1), "the input is not read once");
  }
}

TEST(traffic_normalize_is_one_read_and_one_write_for_permutations) {
  Random random(33);
  for (const Layout layout : {Layout::kNCHW, Layout::kNHWC}) {
    for (const Pairs pairs : kPermutations) {
      for (const int64_t width : {13, 16}) {
        for (const int64_t channels : {1, 3, 4}) {
          NormalizeCase normalize_case(random, width == 13 ? DType::kF32 : DType::kBF16, layout,
                                       {channels, 6, width, true},
                                       random_plan(random, 40, pairs, Mixing::kBoxes, 6, width), true, 0);
          const Watch in(normalize_case.in->data(), normalize_case.in->size());
          const Watch out(normalize_case.out->data(), normalize_case.out->size());
          normalize_mix_cuda(normalize_case.params, nullptr);
          const auto in_bytes = static_cast<int64_t>(in.reads.size());
          const auto out_bytes = static_cast<int64_t>(out.writes.size());
          CHECK(all_equal(in.reads, 0, in_bytes, 1), normalize_case.describe(), ": input not read once");
          CHECK(all_equal(out.writes, 0, out_bytes, 1), normalize_case.describe(), ": output not written once");
          CHECK(all_equal(in.writes, 0, in_bytes, 0) && all_equal(out.reads, 0, out_bytes, 0), "wrong direction");
        }
      }
    }
  }
}

// A sector is what the memory writes at a time: half-written ones would cost as much as whole ones.
TEST(traffic_normalize_writes_whole_sectors) {
  Random random(34);
  for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF32}) {
    for (const Layout layout : {Layout::kNCHW, Layout::kNHWC}) {
      for (const int64_t channels : {1, 3}) {
        NormalizeCase normalize_case(random, dtype, layout, {channels, 8, 64, true},
                                     random_plan(random, 9, Pairs::kCycle, Mixing::kBoxes, 8, 64), true, 0);
        const Watch in(normalize_case.in->data(), normalize_case.in->size());
        const Watch out(normalize_case.out->data(), normalize_case.out->size());
        normalize_mix_cuda(normalize_case.params, nullptr);
        CHECK(out.sector_bytes() == out.writes.size(), normalize_case.describe(), ": ", out.sector_bytes(),
              " bytes of sectors for ", out.writes.size());
      }
    }
  }
}

}  // namespace
}  // namespace fastmix::test
