// FM_HD marks a free function that host and device share. It must always be inlined: files are compiled for different
// instruction sets, and the linker keeps one copy of a function for all of them. That copy could contain instructions
// that the CPU does not have.
#pragma once

#if defined(__CUDACC__)
#define FM_HD __host__ __device__ __forceinline__
#else
#define FM_HD inline __attribute__((always_inline))
#endif
