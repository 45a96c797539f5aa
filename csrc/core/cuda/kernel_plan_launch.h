// The host side of kernel_plan.h: packs a plan and its walk into the smallest KernelPlan that holds them.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "base/job.h"
#include "cuda/kernel_plan.h"
#include "cuda/pixels.h"
#include "plan/gpu_walk.h"
#include "plan/resident_plan.h"

namespace fastmix {

struct PlanSource {
  PlanView plan;
  const GpuWalk* walk = nullptr;
  const void* const* in = nullptr;                    // one pointer per sample, or null if the kernel needs none
  int32_t pointers = 0;                               // the number of pointers if it is not plan.batch
  const std::vector<double>* term_weights = nullptr;  // replaces the plan's weights: one per entry of the walk
};

inline bool has_any_box(const PlanView& plan) {
  for (int32_t i = 0; i < plan.batch; ++i) {
    if (plan.rows[i].has_box()) return true;
  }
  return false;
}

template <typename Plan>
class PlanPacker {
 public:
  explicit PlanPacker(const PlanSource& source) {
    const PlanView& plan = source.plan;
    const GpuWalk& walk = *source.walk;
    table_.groups = walk.groups();
    table_.has_box = has_any_box(plan);
    if (!Plan::kInline) {
      const uint32_t header[] = {table_.groups, table_.has_box};
      table_.header = append(header, 2);
    }
    const int32_t pointers = source.pointers > 0 ? source.pointers : plan.batch;
    if (source.in != nullptr) table_.pointers = append(source.in, pointers);
    if (source.term_weights != nullptr) {
      table_.weights = append(source.term_weights->data(), source.term_weights->size());
    } else {
      append_weights(plan);
    }
    if (table_.has_box) table_.boxes = append_boxes(plan);
    if (has_any_mask(plan)) {
      std::vector<uint32_t> masks(plan.batch);
      for (int32_t i = 0; i < plan.batch; ++i) masks[i] = static_cast<uint32_t>(plan.rows[i].mask + 1);
      table_.masks = append_indices(masks);
    }
    table_.entries = append_indices(walk.entries);
    table_.segments = append_indices(walk.segment_begin);
    table_.group_begins = append_indices(walk.group_begin);
    const std::vector<uint8_t> successors(walk.successor.begin(), walk.successor.end());
    table_.successors = append(successors.data(), successors.size());
  }

  const PlanTable& table() const { return table_; }
  const std::vector<unsigned char>& bytes() const { return bytes_; }
  bool exact() const { return exact_; }  // every index and coordinate fits its type

 private:
  using Index = typename Plan::IndexType;
  using Packed = typename Plan::Packed;

  template <typename T>
  uint32_t append(const T* values, size_t count) {
    bytes_.resize((bytes_.size() + alignof(T) - 1) / alignof(T) * alignof(T));
    const size_t offset = bytes_.size();
    bytes_.resize(offset + count * sizeof(T));
    if (count > 0) std::memcpy(bytes_.data() + offset, values, count * sizeof(T));
    return static_cast<uint32_t>(offset);
  }

  uint32_t append_indices(const std::vector<uint32_t>& values) {
    std::vector<Index> narrow(values.begin(), values.end());
    for (size_t k = 0; k < values.size(); ++k) exact_ = exact_ && narrow[k] == values[k];
    return append(narrow.data(), narrow.size());
  }

  void append_weights(const PlanView& plan) {
    std::vector<Weights> weights(plan.batch);
    for (int32_t i = 0; i < plan.batch; ++i) weights[i] = {plan.rows[i].weight_in, plan.rows[i].weight_out};
    table_.weights = append(weights.data(), weights.size());
  }

  uint32_t append_boxes(const PlanView& plan) {
    using Coordinate = decltype(Packed::y0);
    std::vector<Packed> boxes(plan.batch);
    for (int32_t i = 0; i < plan.batch; ++i) {
      const int32_t* b = plan.rows[i].box;
      boxes[i] = {static_cast<Coordinate>(b[0]), static_cast<Coordinate>(b[1]), static_cast<Coordinate>(b[2]),
                  static_cast<Coordinate>(b[3])};
      exact_ = exact_ && boxes[i].y0 == b[0] && boxes[i].x0 == b[1] && boxes[i].y1 == b[2] && boxes[i].x1 == b[3];
    }
    return append(boxes.data(), boxes.size());
  }

  PlanTable table_;
  std::vector<unsigned char> bytes_;
  bool exact_ = true;
};

// Device memory, allocated and freed in stream order.
class StreamMemory {
 public:
  StreamMemory(const std::vector<unsigned char>& bytes, CudaStream stream) : stream_(stream) {
    cudaStreamCaptureStatus capturing = cudaStreamCaptureStatusNone;
    check_cuda(cudaStreamIsCapturing(stream, &capturing), "to query the stream");
    // At replay a captured copy would read host bytes that no longer exist.
    if (capturing != cudaStreamCaptureStatusNone)
      throw CudaError(
          "fastmix: expected a plan of at most about 1,024 samples inside a CUDA graph, got a larger one; use "
          "fastmix.cuda_graphs.ResidentPlan, or mix outside of the graph");
    check_cuda(cudaMallocAsync(&data_, bytes.size(), stream), "memory for a large plan");
    // The source is pageable memory, so the copy has read `bytes` when this call returns.
    const cudaError_t copied = cudaMemcpyAsync(data_, bytes.data(), bytes.size(), cudaMemcpyHostToDevice, stream);
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
void launch_inline(const PlanTable& table, const std::vector<unsigned char>& bytes, const Launch& launch) {
  Plan plan{};
  plan.table = table;
  std::memcpy(plan.bytes.data, bytes.data(), bytes.size());
  launch(plan);
}

// Calls launch(plan) with a SmallPlan, LargePlan or UploadedPlan.
template <typename Launch>
void with_kernel_plan(const PlanSource& source, CudaStream stream, const Launch& launch) {
  const PlanPacker<LargePlan> packed(source);
  if (packed.exact() && packed.bytes().size() <= sizeof(SmallPlan::bytes))
    return launch_inline<SmallPlan>(packed.table(), packed.bytes(), launch);
  if (packed.exact() && packed.bytes().size() <= sizeof(LargePlan::bytes))
    return launch_inline<LargePlan>(packed.table(), packed.bytes(), launch);
  const PlanPacker<UploadedPlan> wide(source);
  const StreamMemory memory(wide.bytes(), stream);
  launch(UploadedPlan{wide.table(), {memory.data()}});
}

// The kernel plan of a resident plan and one of its walks.
inline UploadedPlan resident_plan(const void* memory, const ResidentLayout& layout, const ResidentLayout::Walk& walk) {
  PlanTable table;
  table.header = walk.header;
  table.weights = layout.weights;
  table.boxes = layout.boxes;
  table.entries = walk.entries;
  table.segments = walk.segments;
  table.successors = walk.successors;
  table.group_begins = walk.group_begins;
  return {table, {static_cast<const unsigned char*>(memory)}};
}

// A grid of `tiles` x the plan's groups. If the groups exceed the limit of grid.y, a block walks several.
inline dim3 grid_of(int64_t tiles, uint32_t groups) {
  check(tiles <= INT32_MAX, "fastmix: expected samples of less than 2^31 tiles for one kernel, got ", tiles,
        "; split the samples");
  return dim3(static_cast<uint32_t>(tiles), groups < kMaxGridY ? groups : kMaxGridY);
}

}  // namespace fastmix
