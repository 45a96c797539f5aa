// FM_HD marks a free function that host and device share. Forced inlining leaves the linker no copy that was compiled
// for another instruction set.
#pragma once

#if defined(__CUDACC__)
#define FM_HD __host__ __device__ __forceinline__
#else
#define FM_HD inline __attribute__((always_inline))
#endif
