#include <cstdlib>
#include <string>

#include "../error.h"
#include "kernels.h"

namespace fastmix {

namespace {

const CpuKernels& widest_kernels() {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (avx512) return avx512_kernels();
  if (avx2) return avx2_kernels();
#endif
  return baseline_kernels();
}

const CpuKernels& chosen_kernels() {
  const char* wanted = std::getenv("FASTMIX_CPU");
  const CpuKernels& widest = widest_kernels();
  if (wanted == nullptr || widest.name == std::string(wanted)) return widest;
  if (std::string("baseline") == wanted) return baseline_kernels();
#if defined(__x86_64__)
  // avx2 runs wherever avx512 does; wider than the processor has would stop it with an illegal instruction.
  if (std::string("avx2") == wanted && &widest == &avx512_kernels()) return avx2_kernels();
#endif
  throw Error(concat("FASTMIX_CPU: expected baseline, avx2 or avx512 that this processor runs (up to ", widest.name,
                     "), got ", wanted));
}

}  // namespace

const CpuKernels& cpu_kernels() {
  static const CpuKernels& kernels = chosen_kernels();
  return kernels;
}

}  // namespace fastmix
