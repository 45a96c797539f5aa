// Lets the lanes of a warp write their vectors so that each store fills whole sectors of 32 bytes.
//
// A lane has kTogether neighbouring vectors of 16 bytes: a0 a1 a2 in lane 0, b0 b1 b2 in lane 1. If each lane wrote its
// own vectors, one store of the warp would write a0, b0, c0, ...: half of each sector that it touches. So the vectors
// pass through shared memory, and the first store writes a0 a1 a2 b0 b1 b2 ...
#pragma once

#include <cstdint>

#include "cuda/segment_walk.h"
#include "cuda/vector_io.h"

namespace fastmix {

template <int kTogether>
class WholeSectors {
 public:
  // The hardware serves eight lanes at a time, and the vectors of these lanes should lie in different banks of shared
  // memory. With an odd kTogether, they do. With an even one, a vector stays unused after every 4 * kTogether vectors,
  // which moves the vectors behind it to other banks.
  static constexpr uint32_t kVectorsOfWarp = kTogether == 1 ? 0 : kLanes * kTogether + (kTogether % 2 == 0 ? 8 : 0);

  // `shared` has room for kVectorsOfWarp vectors per warp of the block. The first `lanes` lanes of this warp write.
  __device__ __forceinline__ WholeSectors(uint4* shared, uint32_t lanes)
      : vectors_(shared + threadIdx.y * kVectorsOfWarp), lanes_(lanes) {}

  // Call this before the first put(). It waits until all lanes have read the previous vectors.
  __device__ __forceinline__ void begin() const { __syncwarp(members()); }
  __device__ __forceinline__ void put(int k, const Words<4>& v) const {
    vectors_[place(threadIdx.x * kTogether + k)] = make_uint4(v.word[0], v.word[1], v.word[2], v.word[3]);
  }
  // Writes the vectors of all lanes. This lane's vectors go to `to`, the next lane's to `to` + kDistance bytes.
  template <int kDistance>
  __device__ __forceinline__ void write(unsigned char* to) const {
    __syncwarp(members());
    unsigned char* const first = to - static_cast<int64_t>(threadIdx.x * kDistance);
#pragma unroll
    for (uint32_t j = 0; j < kTogether; ++j) {
      const uint32_t k = j * lanes_ + threadIdx.x;
      const uint4 v = vectors_[place(k)];
      const uint32_t offset = kDistance == 16 * kTogether ? 16 * k : k / kTogether * kDistance + k % kTogether * 16;
      store_global<16>(first + offset, Words<4>{{v.x, v.y, v.z, v.w}});
    }
  }

 private:
  static __device__ __forceinline__ uint32_t place(uint32_t k) {
    return kTogether % 2 == 0 ? k + k / (4 * kTogether) : k;
  }
  __device__ __forceinline__ uint32_t members() const { return ~0u >> (kLanes - lanes_); }

  uint4* vectors_;
  uint32_t lanes_;
};

}  // namespace fastmix
