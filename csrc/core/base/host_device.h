// FM_HD marks a free function that host and device share. It is always inlined: otherwise the linker would keep one
// copy for all files, perhaps one with instructions that the CPU does not have.
#pragma once

#if defined(__CUDACC__)
#define FM_HD __host__ __device__ __forceinline__
#else
#define FM_HD inline __attribute__((always_inline))
#endif
