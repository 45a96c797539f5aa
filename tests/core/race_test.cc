// The search for races: no order of its threads changes what a kernel writes. And the search can find one.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "check.h"
#include "every_kernel.h"
#include "host_cuda.h"

namespace {

bool error_is_expected = false;

}  // namespace

// AddressSanitizer calls this before it looks for names and lines to print, which takes seconds each time.
extern "C" void __asan_on_error() {
  if (error_is_expected) _exit(1);
}

namespace fastmix::test {
namespace {

// What a run writes when its threads take this order. `before` is what lies in the output at the start.
std::vector<unsigned char> written(const KernelRun& run, const std::vector<unsigned char>& before, uint64_t seed,
                                   uint32_t interrupt_one_in) {
  std::memcpy(run.out->data(), before.data(), before.size());
  host_cuda::settings().seed = seed;
  host_cuda::settings().interrupt_one_in = interrupt_one_in;
  run.start();
  host_cuda::settings().interrupt_one_in = 0;
  return {run.out->data(), run.out->data() + run.out->size()};
}

std::vector<unsigned char> bytes_of(const Memory& memory) { return {memory.data(), memory.data() + memory.size()}; }

// The orders differ in who comes first between barriers and in who is interrupted at an access to global memory.
void search(Pairs pairs, Mixing mixing, uint64_t orders) {
  Random random(41 + static_cast<uint32_t>(pairs));
  for (const KernelRun& run : every_kernel(random, pairs, mixing)) {
    const std::vector<unsigned char> before = bytes_of(*run.out);
    const std::vector<unsigned char> expected = written(run, before, 1, 0);
    for (uint64_t seed = 2; seed < 2 + orders; ++seed) {
      const std::vector<unsigned char> found = written(run, before, seed, seed % 2 == 0 ? 2 : 7);
      CHECK(found == expected, run.kernel, ", ", run.dtype, ", ", run.layout, ": seed ", seed, " gives another result");
    }
  }
}

TEST(race_search_one_cycle) { search(Pairs::kCycle, Mixing::kAllBlended, 5); }
TEST(race_search_any_permutation_with_masks) { search(Pairs::kPermutation, Mixing::kMasks, 5); }
TEST(race_search_any_permutation_with_boxes) { search(Pairs::kPermutation, Mixing::kBoxes, 5); }

// Without its barriers a kernel writes something else in some order, or reads where nothing is: then the shim aborts.
bool goes_wrong_without_barriers(const KernelRun& run) {
  const std::vector<unsigned char> before = bytes_of(*run.out);
  const std::vector<unsigned char> expected = written(run, before, 1, 0);
  const pid_t child = fork();
  if (child == 0) {
    std::fclose(stderr);
    error_is_expected = true;
    host_cuda::settings().barriers = false;
    bool wrong = false;
    for (uint64_t seed = 2; seed < 12 && !wrong; ++seed) wrong = written(run, before, seed, 0) != expected;
    _exit(wrong ? 1 : 0);
  }
  int status = 0;
  CHECK(child > 0 && waitpid(child, &status, 0) == child, "no child process");
  return status != 0;
}

// Every kernel that relies on barriers is caught without them, and no other one.
TEST(race_search_finds_missing_barriers) {
  for (const Mixing mixing : {Mixing::kAllBlended, Mixing::kWholeMasks}) {
    Random random(42);
    for (const KernelRun& run : every_kernel(random, Pairs::kCycle, mixing))
      CHECK(goes_wrong_without_barriers(run) == run.barriers, run.kernel, ", ", run.dtype, ", ", run.layout);
  }
}

}  // namespace
}  // namespace fastmix::test
