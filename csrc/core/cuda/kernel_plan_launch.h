// The host side of kernel_plan.h: packs a plan for a kernel, once per launch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/job.h"
#include "cuda/kernel_plan.h"
#include "cuda/pixels.h"
#include "plan/gpu_walk.h"

namespace fastmix {

// The parts of a plan that a kernel needs. Members that the kernel does not need stay empty.
struct PlanSource {
  PlanView plan;
  const GpuWalk* walk = nullptr;
  const void* const* samples = nullptr;  // one pointer per sample
  int32_t sample_count = 0;
  const std::vector<double>* terms = nullptr;  // one weight per GpuWalk entry, instead of the plan's weights
};

// Returns base and stride if neighbouring samples are equally far apart in memory, else a null base.
inline SamplePlaces places_of(const void* const* samples, int32_t count) {
  if (count == 0) return {};
  const auto at = [&](int32_t i) { return static_cast<const unsigned char*>(samples[i]); };
  const int64_t stride = count > 1 ? at(1) - at(0) : 0;
  for (int32_t i = 2; i < count; ++i) {
    if (at(i) - at(i - 1) != stride) return {};
  }
  return {at(0), stride};
}

// Facts about all rows of a plan, found in one pass.
struct RowFacts {
  explicit RowFacts(const PlanView& plan) {
    for (int32_t i = 0; i < plan.batch; ++i) {
      const PlanRow &row = plan.rows[i], &first = plan.rows[0];
      has_box = has_box || row.has_box();
      has_mask = has_mask || row.mask >= 0;
      same_weights = same_weights && row.weight_in == row.weight_out;
      one_weight = one_weight && row.weight_in == first.weight_in && row.weight_out == first.weight_out;
      one_box = one_box && std::equal(row.box, row.box + 4, first.box);
      // validate() (plan/plan.h) has refused negative edges of boxes, so only y1 and x1 can be outside the range of
      // int16_t.
      narrow = narrow && row.box[2] <= INT16_MAX && row.box[3] <= INT16_MAX && row.mask < UINT16_MAX;
    }
    // Without a box or a mask, weight_in is not used.
    same_weights = same_weights || (!has_box && !has_mask);
  }
  bool has_box = false, has_mask = false, same_weights = true, one_weight = true, one_box = true, narrow = true;
};

// Writes arrays one after another, each aligned for its element type. If `to` is null, it only computes their total
// size.
class InlinePacker {
 public:
  InlinePacker(const PlanSource& source, const RowFacts& facts, const SamplePlaces& places, unsigned char* to)
      : to_(to) {
    const PlanView& plan = source.plan;
    const GpuWalk& walk = *source.walk;
    table.places = places;
    table.bundles = walk.bundles();
    table.has_box = facts.has_box;
    if (places.base == nullptr && source.samples != nullptr)
      table.pointers = put<const void*>(source.sample_count, [&](int32_t i) { return source.samples[i]; });
    if (source.terms != nullptr)
      table.terms = put<double>(source.terms->size(), [&](size_t k) { return (*source.terms)[k]; });
    const int32_t weights = facts.one_weight ? std::min(plan.batch, 1) : plan.batch;
    table.each_weights = !facts.one_weight;
    table.outside = put<float>(weights, [&](int32_t i) { return plan.rows[i].weight_out; });
    table.inside = table.outside;
    if (!facts.same_weights) table.inside = put<float>(weights, [&](int32_t i) { return plan.rows[i].weight_in; });
    if (facts.has_box) {
      table.each_box = !facts.one_box;
      table.boxes = put<SmallPlan::Box>(facts.one_box ? 1 : plan.batch, [&](int32_t i) {
        const int32_t* box = plan.rows[i].box;
        return SmallPlan::Box{static_cast<int16_t>(box[0]), static_cast<int16_t>(box[1]), static_cast<int16_t>(box[2]),
                              static_cast<int16_t>(box[3])};
      });
    }
    if (facts.has_mask) {
      table.masks = put<uint16_t>(plan.batch, [&](int32_t i) { return static_cast<uint16_t>(plan.rows[i].mask + 1); });
    }
    table.entries = put<uint16_t>(walk.entries);
    table.segments = put<uint16_t>(walk.segment_begin);
    table.bundle_begins = put<uint16_t>(walk.bundle_begin);
    table.successors = put<uint8_t>(walk.successor);
  }

  InlineTable table;
  size_t bytes() const { return bytes_; }

 private:
  template <typename T, typename Value>
  uint32_t put(size_t count, const Value& value) {
    const size_t offset = (bytes_ + alignof(T) - 1) / alignof(T) * alignof(T);
    bytes_ = offset + count * sizeof(T);
    if (to_ != nullptr) {
      auto* const out = reinterpret_cast<T*>(to_ + offset);
      for (size_t i = 0; i < count; ++i) out[i] = value(i);
    }
    return static_cast<uint32_t>(offset);
  }
  template <typename T>
  uint32_t put(const std::vector<uint32_t>& values) {
    return put<T>(values.size(), [&](size_t i) { return static_cast<T>(values[i]); });
  }

  unsigned char* const to_;
  size_t bytes_ = 0;
};

// Device memory, allocated and freed in stream order.
class StreamMemory {
 public:
  StreamMemory(const std::vector<unsigned char>& bytes, CudaStream stream) : stream_(stream) {
    cudaStreamCaptureStatus capturing = cudaStreamCaptureStatusNone;
    check_cuda(cudaStreamIsCapturing(stream, &capturing), "to query the stream");
    // A CUDA graph would copy from `bytes` at every replay, after they have been freed.
    if (capturing != cudaStreamCaptureStatusNone)
      throw CudaError(
          concat("fastmix: expected kernel arguments of at most 32,764 bytes (a plan of about 1,024 samples) inside a "
                 "CUDA graph, got ",
                 bytes.size(), " bytes; use fastmix.ResidentPlan, a smaller batch, or mix outside of the graph"));
    check_cuda(cudaMallocAsync(&data_, bytes.size(), stream), "memory for a large plan");
    // cudaMemcpyAsync reads up to 64 KiB of host memory before it returns. For a larger copy it may wait for the
    // stream, so this loop copies piece by piece.
    constexpr size_t kPiece = size_t{64} << 10;
    cudaError_t copied = cudaSuccess;
    for (size_t at = 0; at < bytes.size() && copied == cudaSuccess; at += kPiece) {
      copied = cudaMemcpyAsync(static_cast<unsigned char*>(data_) + at, bytes.data() + at,
                               std::min(kPiece, bytes.size() - at), cudaMemcpyHostToDevice, stream);
    }
    if (copied != cudaSuccess) cudaFreeAsync(data_, stream);
    check_cuda(copied, "to copy a large plan");
  }
  ~StreamMemory() { cudaFreeAsync(data_, stream_); }
  StreamMemory(const StreamMemory&) = delete;
  StreamMemory& operator=(const StreamMemory&) = delete;
  const unsigned char* data() const { return static_cast<const unsigned char*>(data_); }

 private:
  void* data_ = nullptr;
  CudaStream stream_;
};

template <typename Plan, typename Launch>
void launch_inline(const PlanSource& source, const RowFacts& facts, const SamplePlaces& places, const Launch& launch) {
  Plan plan;  // not initialised, which saves time: kernels read only the bytes that InlinePacker writes
  plan.table = InlinePacker(source, facts, places, plan.bytes).table;
  launch(plan);
}

template <typename Launch>
void launch_uploaded(const PlanSource& source, const RowFacts& facts, const SamplePlaces& places, CudaStream stream,
                     const Launch& launch) {
  const PlanView& plan = source.plan;
  const GpuWalk& walk = *source.walk;
  MemoryPlan uploaded{};
  uploaded.places = places;
  size_t end = plan.batch * sizeof(PlanRow);
  const auto take = [&](size_t bytes) {
    const size_t offset = end;
    end += (bytes + 7) / 8 * 8;
    return static_cast<uint32_t>(offset);
  };
  const size_t pointers = places.base == nullptr ? source.sample_count * sizeof(void*) : 0;
  const size_t terms = source.terms != nullptr ? source.terms->size() * sizeof(double) : 0;
  uploaded.pointers = take(pointers);
  uploaded.terms = take(terms);
  uploaded.walk = reserve_walk(end, walk.entries.size(), walk.segment_begin.size() - 1, walk.bundles());
  std::vector<unsigned char> bytes(uploaded.walk.end);
  if (plan.batch > 0) std::memcpy(bytes.data(), static_cast<const void*>(plan.rows), plan.batch * sizeof(PlanRow));
  if (pointers > 0) std::memcpy(bytes.data() + uploaded.pointers, source.samples, pointers);
  if (terms > 0) std::memcpy(bytes.data() + uploaded.terms, source.terms->data(), terms);
  put_walk(bytes.data(), uploaded.walk, walk, facts.has_box);
  const StreamMemory memory(bytes, stream);
  uploaded.memory = memory.data();
  launch(uploaded);
}

// Calls launch(plan) with a SmallPlan if the plan fits, else with a LargePlan, else with a MemoryPlan.
template <typename Launch>
void with_kernel_plan(const PlanSource& source, CudaStream stream, const Launch& launch) {
  const RowFacts facts(source.plan);
  const SamplePlaces places = places_of(source.samples, source.sample_count);
  const GpuWalk& walk = *source.walk;
  // An inline plan stores entries and segment_begin in uint16_t. An entry is below samples * 2^kFlagBits, and the
  // numbers in segment_begin are at most walk.entries.size().
  const int64_t samples = std::max(source.sample_count, source.plan.partners());
  const bool narrow = facts.narrow && samples << kFlagBits <= UINT16_MAX + 1 && walk.entries.size() <= UINT16_MAX;
  const size_t bytes = narrow ? InlinePacker(source, facts, places, nullptr).bytes() : SIZE_MAX;
  if (bytes <= sizeof(SmallPlan::bytes)) return launch_inline<SmallPlan>(source, facts, places, launch);
  if (bytes <= sizeof(LargePlan::bytes)) return launch_inline<LargePlan>(source, facts, places, launch);
  launch_uploaded(source, facts, places, stream, launch);
}

// Returns a grid of tiles x bundles blocks. CUDA limits grid.y to kMaxGridY. If there are more bundles, a block loops
// over several of them.
inline dim3 grid_of(int64_t tiles, uint32_t bundles) {
  check(tiles <= INT32_MAX, "fastmix: expected fewer than 2^31 blocks per sample, got ", tiles,
        "; run the operator on the CPU");
  return dim3(static_cast<uint32_t>(tiles), bundles < kMaxGridY ? bundles : kMaxGridY);
}

// Makes the walk and calls launch(kernel_plan, grid_rows, warps). `writes` says which samples the kernel writes.
// `samples` holds pointers to the images that the kernel reads: first the plan's samples, then, if partners come from
// another batch, the partner of each sample.
template <typename Launch>
void with_walk(const PlanView& plan, const std::vector<const void*>& samples, const uint8_t* mirror, Writes writes,
               int64_t tiles, int32_t most_warps, CudaStream stream, const Launch& launch) {
  const int32_t count = static_cast<int32_t>(samples.size());
  if (plan.resident != nullptr) {
    const ResidentLayout layout(plan.batch);
    MemoryPlan resident{};
    resident.memory = static_cast<const unsigned char*>(plan.resident);
    resident.places = places_of(samples.data(), count);
    resident.walk = writes == Writes::kBlended ? layout.in_place : layout.out_of_place;
    return launch(resident, layout.grid_rows, static_cast<uint32_t>(kResidentWarps));
  }
  const GpuWalk walk = fitting_gpu_walk(plan, mirror, writes, tiles, most_warps);
  if (walk.bundles() == 0) return;
  with_kernel_plan({plan, &walk, samples.data(), count, nullptr}, stream,
                   [&](const auto& kernel_plan) { launch(kernel_plan, walk.bundles(), walk.warps()); });
}

}  // namespace fastmix
