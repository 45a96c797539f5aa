// The kernel plan: a table of offsets and the bytes that they point into. Up to 32 KB travel by value as a kernel
// parameter, in constant memory that needs no copy and no lifetime. The host uploads larger plans on the stream.
#pragma once

#include <cstdint>

#include "cuda/launch.h"
#include "plan/gpu_walk.h"

namespace fastmix {

// Byte offsets of the plan's arrays. Arrays that a kernel does not use are absent and have offset 0.
struct PlanTable {
  uint32_t groups = 0;  // inline plans only, as has_box
  uint32_t has_box = 0;
  uint32_t header = 0;    // {groups, has_box} of a plan in memory: a captured launch would freeze the values above
  uint32_t pointers = 0;  // const void* per sample
  uint32_t weights = 0;   // {inside, outside} per sample, or a double per entry
  uint32_t boxes = 0;     // per sample, if has_box
  uint32_t masks = 0;     // mask index + 1 per sample, 0 without a mask; only for the masked kernels
  uint32_t entries = 0;   // from here on: GpuWalk
  uint32_t segments = 0;
  uint32_t successors = 0;
  uint32_t group_begins = 0;
};

struct KernelBox {
  int32_t y0, x0, y1, x1;
};

struct alignas(8) Weights {
  float inside, outside;
};

// `Index` holds entries and segment bounds, `Coordinate` the boxes. Narrow types let 1,024 samples fit a parameter.
template <typename Index, typename Coordinate, typename Bytes>
struct KernelPlan {
  PlanTable table;
  Bytes bytes;

  __device__ __forceinline__ uint32_t groups() const {
    if constexpr (Bytes::kInline) return table.groups;
    return at<uint32_t>(table.header, 0);
  }
  __device__ __forceinline__ bool has_box() const {
    if constexpr (Bytes::kInline) return table.has_box != 0;
    return at<uint32_t>(table.header, 1) != 0;
  }
  __device__ __forceinline__ const void* pointer(uint32_t sample) const {
    return at<const void*>(table.pointers, sample);
  }
  __device__ __forceinline__ Weights weights(uint32_t sample) const { return at<Weights>(table.weights, sample); }
  __device__ __forceinline__ double term_weight(uint32_t k) const { return at<double>(table.weights, k); }
  __device__ __forceinline__ KernelBox box(uint32_t sample) const {
    const Packed packed = at<Packed>(table.boxes, sample);
    return {packed.y0, packed.x0, packed.y1, packed.x1};
  }
  // The sample's mask, or -1.
  __device__ __forceinline__ int32_t mask(uint32_t sample) const {
    return static_cast<int32_t>(at<Index>(table.masks, sample)) - 1;
  }
  __device__ __forceinline__ uint32_t entry(uint32_t k) const { return at<Index>(table.entries, k); }
  __device__ __forceinline__ uint32_t segment_begin(uint32_t s) const { return at<Index>(table.segments, s); }
  __device__ __forceinline__ uint32_t successor(uint32_t s) const { return at<uint8_t>(table.successors, s); }
  __device__ __forceinline__ uint32_t group_begin(uint32_t g) const { return at<Index>(table.group_begins, g); }

  using IndexType = Index;
  // An uploaded plan takes registers for its addresses, which leaves fewer for vectors in flight.
  static constexpr bool kInline = Bytes::kInline;
  struct alignas(4 * sizeof(Coordinate)) Packed {
    Coordinate y0, x0, y1, x1;
  };

 private:
  template <typename T>
  __device__ __forceinline__ T at(uint32_t offset, uint32_t index) const {
    return reinterpret_cast<const T*>(bytes.get() + offset)[index];
  }
};

template <int kCapacity>
struct InlineBytes {
  static constexpr bool kInline = true;
  alignas(16) unsigned char data[kCapacity];
  __device__ __forceinline__ const unsigned char* get() const { return data; }
};
struct UploadedBytes {
  static constexpr bool kInline = false;
  const unsigned char* data;
  __device__ __forceinline__ const unsigned char* get() const { return data; }
};

template <int kCapacity>
using InlinePlan = KernelPlan<uint16_t, int16_t, InlineBytes<kCapacity>>;
using UploadedPlan = KernelPlan<uint32_t, int32_t, UploadedBytes>;

// Two sizes, so that a small plan does not copy a large parameter. A kernel's parameters hold at most 32,764 bytes.
using SmallPlan = InlinePlan<3584>;
using LargePlan = InlinePlan<32448>;

}  // namespace fastmix
