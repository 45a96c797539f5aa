// FM_HD marks a free function that host and device share. It is forced inline so that no copy compiled
// for one instruction set can be picked by the linker for another.
#pragma once

#if defined(__CUDACC__)
#define FM_HD __host__ __device__ __forceinline__
#else
#define FM_HD inline __attribute__((always_inline))
#endif
