#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.h"
#include "simd/kernels.h"

namespace fastmix {

namespace {

// The kernels of all instruction sets that this processor can run, narrowest vectors first.
std::vector<const CpuKernels*> runnable_kernels() {
  std::vector<const CpuKernels*> sets = {&baseline_kernels()};
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (avx2) sets.push_back(&avx2_kernels());
  if (avx512) sets.push_back(&avx512_kernels());
  if (avx512 && __builtin_cpu_supports("avx512vbmi")) sets.push_back(&avx512vbmi_kernels());
#endif
  return sets;
}

const CpuKernels& chosen_kernels() {
  const std::vector<const CpuKernels*> sets = runnable_kernels();
  const char* wanted = std::getenv("FASTMIX_CPU");
  if (wanted == nullptr || *wanted == '\0') return *sets.back();
  std::string names;
  for (const CpuKernels* set : sets) {
    if (set->name == std::string(wanted)) return *set;
    names += std::string(" ") + set->name;
  }
  throw Error(
      concat("FASTMIX_CPU: expected one of the sets that this processor runs (", names.substr(1), "), got ", wanted));
}

}  // namespace

const CpuKernels& cpu_kernels() {
  static const CpuKernels& kernels = chosen_kernels();
  return kernels;
}

}  // namespace fastmix
