// The parts of a plan that a kernel reads. They come in two forms with the same member functions. An InlinePlan is a
// kernel parameter, passed by value, in narrow integers: no device memory has to be allocated, copied to or freed. A
// MemoryPlan lies in device memory (plan/plan_memory.h). It serves plans that are too large for a parameter, and
// resident plans (ResidentPlan, for CUDA graphs). plan/gpu_walk.h explains entries, segments and bundles.
#pragma once

#include <cstdint>

#include "cuda/launch.h"
#include "plan/plan_memory.h"

namespace fastmix {

struct KernelBox {
  int32_t y0, x0, y1, x1;
};

struct alignas(8) Weights {
  float inside, outside;
};

// Where the samples are: sample i is `i * stride` bytes after `base`. If `base` is null, the plan stores one pointer
// per sample instead.
struct SamplePlaces {
  const unsigned char* base = nullptr;
  int64_t stride = 0;
};

// Byte offsets of an inline plan's arrays. An array that the kernel does not use is absent and has offset 0.
struct InlineTable {
  SamplePlaces places;
  uint32_t bundles = 0;
  uint32_t has_box = 0;
  uint32_t pointers = 0;
  uint32_t terms = 0;                // array of doubles: the weight of each element of GpuWalk::entries in its sum
  uint32_t inside = 0, outside = 0;  // weight_in and weight_out; equal offsets if one array serves both
  uint32_t boxes = 0;
  uint32_t each_weights = 1, each_box = 1;  // 1: the array has one element per sample; 0: one for all
  uint32_t masks = 0;                       // per sample: mask index + 1, or 0 if the sample has no mask
  uint32_t entries = 0, segments = 0, successors = 0, bundle_begins = 0;  // arrays of GpuWalk
};

// Indices are uint16_t and edges of boxes int16_t, so that a plan of some thousand samples fits into a kernel
// parameter.
template <int kCapacity>
struct InlinePlan {
  // Kernels keep more loads in flight if this is true, because reading an inline plan needs no registers for addresses.
  static constexpr bool kInline = true;
  struct alignas(8) Box {
    int16_t y0, x0, y1, x1;
  };

  InlineTable table;
  alignas(16) unsigned char bytes[kCapacity];

  __device__ __forceinline__ uint32_t bundles() const { return table.bundles; }
  __device__ __forceinline__ bool has_box() const { return table.has_box != 0; }
  __device__ __forceinline__ const void* pointer(uint32_t sample) const {
    if (table.places.base != nullptr) return table.places.base + sample * table.places.stride;
    return at<const void*>(table.pointers, sample);
  }
  __device__ __forceinline__ double term_weight(uint32_t k) const { return at<double>(table.terms, k); }
  __device__ __forceinline__ Weights weights(uint32_t sample) const {
    const uint32_t index = sample * table.each_weights;
    return {at<float>(table.inside, index), at<float>(table.outside, index)};
  }
  __device__ __forceinline__ float label_weight(uint32_t sample) const { return weights(sample).outside; }
  __device__ __forceinline__ KernelBox box(uint32_t sample) const {
    const Box narrow = at<Box>(table.boxes, sample * table.each_box);
    return {narrow.y0, narrow.x0, narrow.y1, narrow.x1};
  }
  // The index of the sample's mask, or -1 if it has none.
  __device__ __forceinline__ int32_t mask(uint32_t sample) const {
    return static_cast<int32_t>(at<uint16_t>(table.masks, sample)) - 1;
  }
  __device__ __forceinline__ uint32_t partner(uint32_t sample) const { return sample_of(entry(sample)); }
  __device__ __forceinline__ uint32_t entry(uint32_t k) const { return at<uint16_t>(table.entries, k); }
  __device__ __forceinline__ uint32_t segment_begin(uint32_t s) const { return at<uint16_t>(table.segments, s); }
  __device__ __forceinline__ uint32_t successor(uint32_t s) const { return at<uint8_t>(table.successors, s); }
  __device__ __forceinline__ uint32_t bundle_begin(uint32_t g) const { return at<uint16_t>(table.bundle_begins, g); }

 private:
  template <typename T>
  __device__ __forceinline__ T at(uint32_t offset, uint32_t index) const {
    return reinterpret_cast<const T*>(bytes + offset)[index];
  }
};

struct MemoryPlan {
  static constexpr bool kInline = false;

  const unsigned char* memory;
  SamplePlaces places;
  WalkOffsets walk;
  uint32_t pointers = 0;
  uint32_t terms = 0;

  __device__ __forceinline__ uint32_t bundles() const { return at<uint32_t>(walk.header, 0); }
  __device__ __forceinline__ bool has_box() const { return at<uint32_t>(walk.header, 1) != 0; }
  __device__ __forceinline__ const void* pointer(uint32_t sample) const {
    if (places.base != nullptr) return places.base + sample * places.stride;
    return at<const void*>(pointers, sample);
  }
  __device__ __forceinline__ double term_weight(uint32_t k) const { return at<double>(terms, k); }
  __device__ __forceinline__ Weights weights(uint32_t sample) const {
    return *reinterpret_cast<const Weights*>(&row(sample).weight_in);
  }
  __device__ __forceinline__ float label_weight(uint32_t sample) const { return row(sample).label_weight; }
  __device__ __forceinline__ KernelBox box(uint32_t sample) const {
    const int32_t* box = row(sample).box;
    return {box[0], box[1], box[2], box[3]};
  }
  __device__ __forceinline__ int32_t mask(uint32_t sample) const { return row(sample).mask; }
  __device__ __forceinline__ uint32_t partner(uint32_t sample) const {
    return static_cast<uint32_t>(row(sample).partner);
  }
  __device__ __forceinline__ uint32_t entry(uint32_t k) const { return at<uint32_t>(walk.entries, k); }
  __device__ __forceinline__ uint32_t segment_begin(uint32_t s) const { return at<uint32_t>(walk.segments, s); }
  __device__ __forceinline__ uint32_t successor(uint32_t s) const { return at<uint32_t>(walk.successors, s); }
  __device__ __forceinline__ uint32_t bundle_begin(uint32_t g) const { return at<uint32_t>(walk.bundle_begins, g); }

 private:
  template <typename T>
  __device__ __forceinline__ T at(uint32_t offset, uint32_t index) const {
    return reinterpret_cast<const T*>(memory + offset)[index];
  }
  __device__ __forceinline__ const PlanRow& row(uint32_t sample) const {
    return reinterpret_cast<const PlanRow*>(memory)[sample];
  }
};

// Two sizes, because each launch copies the whole parameter, however little of it the plan fills. A kernel's parameters
// hold at most 32,764 bytes.
using SmallPlan = InlinePlan<3584>;
using LargePlan = InlinePlan<32416>;

}  // namespace fastmix
