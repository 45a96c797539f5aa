// Runs loops over rows in blocks of a constant size. Part of augment_kernels_inl.h.
#pragma once

#include <cstdint>

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr int64_t kBlock = 64;

// Calls body(begin, count) for blocks that cover [0, n). count is the constant kBlock, or n if n < kBlock. The last
// block is complete too, so it may overlap the one before it. Example: n = 100 gives the blocks [0, 64) and [36, 100).
// A shorter last block, computed pixel by pixel, could take as long as the rest of the row. The overlap is computed
// twice, so body must not read memory that it writes.
template <typename Body>
inline __attribute__((always_inline)) void for_blocks(int64_t n, const Body& body) {
  if (n < kBlock) return body(0, n);
  for (int64_t k = 0; k < n; k += kBlock) body(k + kBlock <= n ? k : n - kBlock, kBlock);
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
