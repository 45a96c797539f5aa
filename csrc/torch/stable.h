// Helpers around LibTorch's stable ABI: they check tensors, find memory layouts, read plans from tensors and find the
// current stream. They need torch 2.10 or newer.
#pragma once

#include <torch/csrc/stable/accelerator.h>
#include <torch/csrc/stable/library.h>
#include <torch/csrc/stable/ops.h>
#include <torch/csrc/stable/tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "mix/mix.h"
#include "plan/multiway.h"
#include "plan/plan.h"

namespace fastmix {

using torch::headeronly::MemoryFormat;
using torch::headeronly::ScalarType;
using torch::stable::Tensor;

// Returns the kernels' element type for a tensor's dtype. Throws Error for types that kernels do not support.
DType dtype_of(const char* op, ScalarType dtype);

// The shape as text, such as "(2, 3, 224, 224)".
std::string shape_of(const Tensor& tensor);
std::string device_of(const Tensor& tensor);

// Returns the batch size. Throws Error for a tensor that is not on the CPU or a CUDA device, has no batch dimension, or
// has 2^31 samples or more.
int32_t check_batch(const char* op, const char* name, const Tensor& tensor);

// Returns the data of one array of a plan. The array must be contiguous, on the CPU, of type T, and have `per_sample`
// entries for each of `batch` samples.
template <typename T>
const T* plan_array(const char* op, const char* name, const Tensor& tensor, int32_t batch, int64_t per_sample = 1);

// Whether an operator accepts a ResidentPlan. Such a plan is one tensor on the images' device. The tensor holds the
// plan's rows, then two lists that give the order in which kernels visit the samples. The first list is for mixing in
// place, the second for mixing into new memory.
enum class Resident { kTaken, kRefused };

// Returns a view of a plan's rows, int32 (B, 16), and of its masks. Both tensors must outlive the view. The masks must
// be on the device of `images`. If `other` is given, partners are indices into it, and the plan must be on the CPU.
PlanView plan_view(const char* op, const Tensor& plan, int32_t batch, const std::optional<Tensor>& masks,
                   const Tensor& images, Resident resident, const std::optional<Tensor>& other = std::nullopt);

// Returns a view of rows that mix more than two images. `plan` must outlive it.
MultiwayRows multiway_rows(const char* op, const Tensor& plan);

// The memory layout of one sample. Gaps between samples are allowed.
struct SampleLayout {
  bool packed = false;         // each sample is contiguous or channels_last, without gaps
  bool channels_last = false;  // only 4-D and 5-D batches can be channels_last
  int64_t elements = 1;
  int64_t pixel_stride = 1;
  int64_t height = 1;
  int64_t width = 1;
  int64_t depth = 1;  // size of the dimension before H: T of (B, C, T, H, W); C of (B, C, H, W) unless channels_last
  int64_t batch_stride = 0;

  MemoryFormat memory_format(int64_t rank) const {
    if (!channels_last) return MemoryFormat::Contiguous;
    return rank == 4 ? MemoryFormat::ChannelsLast : MemoryFormat::ChannelsLast3d;
  }
};
SampleLayout sample_layout(const Tensor& images);

// Returns whether a 4-D batch has this memory format, without gaps in or between samples.
bool is_dense(const Tensor& images, MemoryFormat format);

// Returns one pointer per sample. The samples must be packed.
template <typename T = void>
std::vector<const T*> sample_pointers(const Tensor& images) {
  const int64_t bytes = sample_layout(images).batch_stride * static_cast<int64_t>(images.element_size());
  const char* first = static_cast<const char*>(images.const_data_ptr());
  std::vector<const T*> pointers(images.size(0));
  for (size_t i = 0; i < pointers.size(); ++i) {
    pointers[i] = reinterpret_cast<const T*>(first + static_cast<int64_t>(i) * bytes);
  }
  return pointers;
}

// Runs the job on the threads of torch's intra-op pool.
void run(const CpuJob& job);

// Makes the tensor's device current while the scope lives, and holds torch's current stream of that device.
class CudaScope {
 public:
  explicit CudaScope(const Tensor& tensor);
  CudaStream stream() const { return stream_; }

 private:
  torch::stable::accelerator::DeviceGuard guard_;
  CudaStream stream_ = nullptr;
};

// Returns memory on the tensor's device for kernels on its current stream. torch's caching allocator reuses the memory
// in stream order, so the tensor may be destroyed right after the launch.
Tensor cuda_scratch(const Tensor& tensor, int64_t bytes);

}  // namespace fastmix
