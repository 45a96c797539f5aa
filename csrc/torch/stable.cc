#include "stable.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

#include "plan/plan_memory.h"

// libtorch_cuda defines this function. The weak symbol lets the library load under a torch without CUDA, where the
// address is null. The portable function, torch_stream_native_handle, exists only since torch 2.13.
extern "C" __attribute__((weak)) AOTITorchError aoti_torch_get_current_cuda_stream(int32_t device_index, void** stream);

namespace fastmix {

namespace {

template <typename T>
constexpr ScalarType kScalarType = std::is_same_v<T, float>     ? ScalarType::Float
                                   : std::is_same_v<T, int32_t> ? ScalarType::Int
                                   : std::is_same_v<T, double>  ? ScalarType::Double
                                                                : ScalarType::Bool;

CudaStream current_stream(int32_t device_index) {
  if (aoti_torch_get_current_cuda_stream == nullptr) {
    throw CudaError(
        "fastmix: expected a CUDA build of torch, got one without aoti_torch_get_current_cuda_stream; install a CUDA "
        "build");
  }
  void* stream = nullptr;
  if (aoti_torch_get_current_cuda_stream(device_index, &stream) != AOTI_TORCH_SUCCESS) {
    throw CudaError(
        concat("fastmix: expected a current CUDA stream on device ", device_index, ", got none from torch"));
  }
  return static_cast<CudaStream>(stream);
}

// Returns whether the dimensions in `order`, listed from outermost to innermost, lie in memory without gaps. As in
// torch, the stride of a dimension of size 1 does not matter. A size of 0 counts as 1, so an empty batch has a layout.
bool is_packed(const Tensor& images, const std::vector<int64_t>& order) {
  int64_t expected = 1;
  for (auto dim = order.rbegin(); dim != order.rend(); ++dim) {
    if (images.size(*dim) != 1 && images.stride(*dim) != expected) return false;
    expected *= std::max<int64_t>(images.size(*dim), 1);
  }
  return true;
}

}  // namespace

DType dtype_of(const char* op, ScalarType dtype) {
  switch (dtype) {
    case ScalarType::Byte:
      return DType::kU8;
    case ScalarType::Half:
      return DType::kF16;
    case ScalarType::BFloat16:
      return DType::kBF16;
    case ScalarType::Float:
      return DType::kF32;
    case ScalarType::Double:
      return DType::kF64;
    default:
      throw Error(concat(op, ": expected dtype uint8, float16, bfloat16, float32 or float64, got ",
                         torch::headeronly::toString(dtype)));
  }
}

std::string shape_of(const Tensor& tensor) {
  std::string text = "(";
  for (int64_t dim = 0; dim < tensor.dim(); ++dim) {
    text += concat(dim > 0 ? ", " : "", tensor.size(dim));
  }
  return text + (tensor.dim() == 1 ? ",)" : ")");
}

std::string device_of(const Tensor& tensor) {
  if (tensor.is_cpu()) return "cpu";
  if (tensor.is_cuda()) return concat("cuda:", tensor.get_device_index());
  return "another device";
}

int32_t check_batch(const char* op, const char* name, const Tensor& tensor) {
  check(tensor.is_cpu() || tensor.is_cuda(), op, ": expected ", name,
        " on the CPU or a CUDA device, got another device");
  check(tensor.dim() >= 1, op, ": expected ", name, " with a batch dimension, got a tensor without dimensions");
  check(tensor.size(0) <= std::numeric_limits<int32_t>::max(), op, ": expected at most 2^31 - 1 samples, got ",
        tensor.size(0));
  return static_cast<int32_t>(tensor.size(0));
}

template <typename T>
const T* plan_array(const char* op, const char* name, const Tensor& tensor, int32_t batch, int64_t per_sample) {
  check(tensor.is_cpu(), op, ": expected ", name,
        " on the CPU (a ResidentPlan works with mix_, mix, normalize_mix and mix_labels only, and without other), got ",
        device_of(tensor), "; use ", name, ".cpu()");
  constexpr ScalarType expected = kScalarType<T>;
  check(tensor.scalar_type() == expected, op, ": expected ", name, " of dtype ", torch::headeronly::toString(expected),
        ", got ", torch::headeronly::toString(tensor.scalar_type()));
  const bool shape_fits = per_sample == 1 ? tensor.dim() == 1 : tensor.dim() == 2 && tensor.size(1) == per_sample;
  check(shape_fits && tensor.size(0) == batch, op, ": expected ", name, " of shape (", batch,
        per_sample == 1 ? std::string(",") : concat(", ", per_sample), "), one entry per sample of the batch, got ",
        shape_of(tensor), "; make ", name, " for this batch size");
  check(tensor.is_contiguous(), op, ": expected contiguous ", name, ", got other strides; use ", name, ".contiguous()");
  return static_cast<const T*>(tensor.const_data_ptr());
}

template const float* plan_array<float>(const char*, const char*, const Tensor&, int32_t, int64_t);
template const double* plan_array<double>(const char*, const char*, const Tensor&, int32_t, int64_t);
template const bool* plan_array<bool>(const char*, const char*, const Tensor&, int32_t, int64_t);
template const int32_t* plan_array<int32_t>(const char*, const char*, const Tensor&, int32_t, int64_t);

namespace {

constexpr int64_t kRowWords = sizeof(PlanRow) / sizeof(int32_t);

MaskArrays masks_of(const char* op, const Tensor& masks, const Tensor& images) {
  const int64_t rank = masks.dim();
  check(masks.scalar_type() == ScalarType::Byte && (rank == 3 || rank == 4) && masks.is_contiguous(), op,
        ": expected contiguous masks of dtype uint8 and shape (M, h, w) or (M, t, h, w), got ",
        masks.is_contiguous() ? "" : "non-contiguous ", torch::headeronly::toString(masks.scalar_type()), " ",
        shape_of(masks));
  check(device_of(masks) == device_of(images), op, ": expected masks on the images' device ", device_of(images),
        ", got ", device_of(masks), "; move the masks there");
  for (int64_t dim = 0; dim < rank; ++dim) {
    check(masks.size(dim) <= std::numeric_limits<int32_t>::max(), op, ": expected mask sizes below 2^31, got ",
          shape_of(masks));
  }
  const auto size = [&](int64_t dim) { return static_cast<int32_t>(masks.size(dim)); };
  return {static_cast<const uint8_t*>(masks.const_data_ptr()), size(0),
          Extent{rank == 4 ? size(1) : 1, size(rank - 2), size(rank - 1)}};
}

const void* resident_rows(const char* op, const Tensor& plan, int32_t batch, const Tensor& images) {
  check(device_of(plan) == device_of(images), op, ": expected a resident plan on the images' device ",
        device_of(images), ", got ", device_of(plan), "; make the ResidentPlan with device= of the images");
  const int64_t rows = ResidentLayout(batch).rows;
  check(plan.scalar_type() == ScalarType::Int && plan.dim() == 2 && plan.size(0) == rows && plan.size(1) == kRowWords &&
            plan.is_contiguous(),
        op, ": expected the rows of a ResidentPlan for ", batch, " samples, int32 (", rows, ", ", kRowWords, "), got ",
        torch::headeronly::toString(plan.scalar_type()), " ", shape_of(plan),
        "; make a ResidentPlan for this batch size");
  return plan.const_data_ptr();
}

}  // namespace

PlanView plan_view(const char* op, const Tensor& plan, int32_t batch, const std::optional<Tensor>& masks,
                   const Tensor& images, Resident resident, const std::optional<Tensor>& other) {
  PlanView view;
  view.batch = batch;
  if (plan.is_cuda() && resident == Resident::kTaken && !other) {
    view.resident = resident_rows(op, plan, batch, images);
  } else {
    view.rows = reinterpret_cast<const PlanRow*>(plan_array<int32_t>(op, "plan", plan, batch, kRowWords));
  }
  if (masks) view.mask = masks_of(op, *masks, images);
  if (other) view.others = static_cast<int32_t>(other->size(0));
  return view;
}

MultiwayRows multiway_rows(const char* op, const Tensor& plan) {
  const int32_t batch = check_batch(op, "plan", plan);
  return {batch, reinterpret_cast<const MultiwayRow*>(plan_array<int32_t>(op, "plan", plan, batch, kRowWords))};
}

SampleLayout sample_layout(const Tensor& images) {
  SampleLayout layout;
  const int64_t rank = images.dim();
  for (int64_t dim = 1; dim < rank; ++dim) layout.elements *= images.size(dim);
  if (rank >= 2) layout.width = images.size(rank - 1);
  if (rank >= 3) layout.height = images.size(rank - 2);
  layout.batch_stride = images.size(0) > 1 ? images.stride(0) : layout.elements;

  std::vector<int64_t> order;
  for (int64_t dim = 1; dim < rank; ++dim) order.push_back(dim);
  layout.packed = is_packed(images, order);
  if (!layout.packed && (rank == 4 || rank == 5)) {
    order.erase(order.begin());
    order.push_back(1);
    layout.packed = layout.channels_last = is_packed(images, order);
    if (layout.channels_last) layout.pixel_stride = images.size(1);
  }
  layout.packed = layout.packed || images.numel() == 0;
  if (rank >= 5 || (rank == 4 && !layout.channels_last)) layout.depth = images.size(rank - 3);
  return layout;
}

bool is_dense(const Tensor& images, MemoryFormat format) {
  if (images.numel() == 0) return true;
  return is_packed(images, format == MemoryFormat::ChannelsLast ? std::vector<int64_t>{0, 2, 3, 1}
                                                                : std::vector<int64_t>{0, 1, 2, 3});
}

void run(const CpuJob& job) {
  torch::stable::parallel_for(0, job.tasks(), 1, [&](int64_t begin, int64_t end) { job.run(begin, end); });
}

CudaScope::CudaScope(const Tensor& tensor)
    : guard_(tensor.get_device_index()), stream_(current_stream(tensor.get_device_index())) {}

Tensor cuda_scratch(const Tensor& tensor, int64_t bytes) {
  return torch::stable::empty({bytes}, ScalarType::Byte, std::nullopt, tensor.device());
}

}  // namespace fastmix
