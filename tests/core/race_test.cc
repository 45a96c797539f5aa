// The search for races can find one: without its barrier the in-place kernel is caught.
#include "cases.h"
#include "check.h"
#include "host_cuda.h"

namespace fastmix::test {
namespace {

// How many of 20 thread orders give a wrong result for one long cycle in place.
int wrong_orders(bool barriers) {
  int wrong = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(41);
    MixCase mix_case(random, DType::kF32, {3, 4, 16, false},
                     random_plan(random, 40, Pairs::kCycle, Mixing::kAllBlended, 4, 16), true, 0);
    const std::vector<unsigned char> expected = naive_mix(mix_case.params);
    host_cuda::settings().seed = seed;
    host_cuda::settings().barriers = barriers;
    mix_cuda(mix_case.params, nullptr);
    host_cuda::settings().barriers = true;
    const int64_t count = mix_case.plan.batch() * mix_case.params.elements;
    wrong += first_difference(DType::kF32, mix_case.out->data(), expected.data(), count) >= 0;
  }
  return wrong;
}

TEST(race_search_finds_a_missing_barrier) {
  CHECK(wrong_orders(true) == 0, "the kernel depends on the order of its threads");
  const int wrong = wrong_orders(false);
  CHECK(wrong > 0, "no order of 20 shows that the barrier is missing");
}

}  // namespace
}  // namespace fastmix::test
