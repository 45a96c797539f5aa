// Erases boxes of a normalised batch. A block fills all boxes that show in one sample: its own boxes, and those of its
// partner that are erased before mixing. Pixels are computed from the uint8 images, never from the output, so
// overlapping boxes may be filled in any order.
#include <algorithm>
#include <vector>

#include "augment/table_math.h"
#include "cuda/kernel_bytes.h"
#include "formula/normal_quantile.h"
#include "random/philox.h"
#include "resample_mix/erase.h"
#include "resample_mix/output_pixel.h"

namespace fastmix {

namespace {

constexpr uint32_t kEraseThreads = 256;

// A sample whose boxes have the indices `first` to `first + count - 1` in the list of all boxes.
struct ErasedSample {
  uint32_t first, count, partner;
  PixelWeight weight;
};

struct EraseArgs {
  const unsigned char* images;
  unsigned char* out;
  const uint8_t* masks;
  int64_t plane;  // number of pixels per plane
  int32_t height, width, mask_height, mask_width;
  DType dtype;
  bool interleaved;
  float scale[kMaxChannels], bias[kMaxChannels];
  uint32_t box_offset, task_offset;  // byte offsets of the boxes and tasks in the kernel's bytes
};

__device__ __forceinline__ float noise(uint32_t key, int64_t element) {
  const auto counter = static_cast<uint64_t>(element / 4);
  const Philox4 four = philox4x32_10({{static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), 0, 0}},
                                     {{key, kNoiseStream}});
  const auto place = static_cast<int32_t>(element % 4);
  const uint32_t low = place == 0 ? four.word[0] : four.word[1], high = place == 2 ? four.word[2] : four.word[3];
  return normal_of_bits(place < 2 ? low : high);
}

class Eraser {
 public:
  __device__ __forceinline__ Eraser(const unsigned char* bytes, const EraseArgs& args) : bytes_(bytes), args_(args) {}

  __device__ __forceinline__ void run(uint32_t index) const {
    const ErasedSample& sample = samples()[index];
    const bool mixed = sample.weight.weight_of != WeightOf::kNothing;
#pragma unroll 1
    for (uint32_t k = 0; k < sample.count; ++k) fill(box(sample, k), index, sample, mixed);
    if (!mixed) return;
    const ErasedSample& partner = samples()[sample.partner];
#pragma unroll 1
    for (uint32_t k = 0; k < partner.count; ++k) {
      if (is_before(box(partner, k))) fill(box(partner, k), index, sample, mixed);
    }
  }

 private:
  __device__ __forceinline__ const ErasedSample* samples() const {
    return reinterpret_cast<const ErasedSample*>(bytes_);
  }
  __device__ __forceinline__ const SampleOperation& box(const ErasedSample& sample, uint32_t k) const {
    return reinterpret_cast<const SampleOperation*>(bytes_ + args_.box_offset)[sample.first + k];
  }
  static __device__ __forceinline__ bool is_before(const SampleOperation& operation) {
    return (operation.flags() & kBeforeMixing) != 0;
  }

  __device__ __forceinline__ void fill(const SampleOperation& operation, uint32_t index, const ErasedSample& sample,
                                       bool mixed) const {
    const EraseBox box = erase_box(operation);
    const int32_t bottom = box.y + box.height < args_.height ? box.y + box.height : args_.height;
    const int32_t right = box.x + box.width < args_.width ? box.x + box.width : args_.width;
    const auto thread = static_cast<int32_t>(threadIdx.x);
#pragma unroll 1
    for (int32_t y = box.y + thread / 32; y < bottom; y += kEraseThreads / 32) {
#pragma unroll 1
      for (int32_t x = box.x + thread % 32; x < right; x += 32) write(index, sample, mixed, y, x);
    }
  }

  // Writes one pixel. Does not read the image where a box covers it, and does not read the weight of a pixel that is
  // erased after mixing.
  __device__ __forceinline__ void write(uint32_t index, const ErasedSample& sample, bool mixed, int32_t y,
                                        int32_t x) const {
    const int64_t pixel = static_cast<int64_t>(y) * args_.width + x;
    const int64_t first = index * args_.plane * kColors + (args_.interleaved ? pixel * kColors : pixel);
    const uint32_t after = last_cover(sample, false, y, x), own = last_cover(sample, true, y, x);
    const ErasedSample& other = samples()[sample.partner];
    const uint32_t partner = mixed ? last_cover(other, true, y, x) : 0;
    const float weight = mixed && after == 0 ? weight_at(args_, sample.weight, y, x) : 1.0f;
#pragma unroll 1
    for (int32_t c = 0; c < kColors; ++c) {
      float value = 0.0f;
      if (after > 0) {
        value = filled(box(sample, after - 1), y, x, c);
      } else {
        value = before(sample, own, index, pixel, y, x, c);
        if (mixed) value = weight * value + (1.0f - weight) * before(other, partner, sample.partner, pixel, y, x, c);
      }
      store_as(args_.dtype, args_.out, first + (args_.interleaved ? c : c * args_.plane), value);
    }
  }

  // Returns channel c of a pixel of image `index` before mixing. `cover` is what last_cover() returned for the pixel.
  __device__ __forceinline__ float before(const ErasedSample& sample, uint32_t cover, uint32_t index, int64_t pixel,
                                          int32_t y, int32_t x, int32_t c) const {
    if (cover > 0) return filled(box(sample, cover - 1), y, x, c);
    const unsigned char* const image = args_.images + index * args_.plane * kColors;
    const uint32_t level = load_global<1>(image + pixel * kColors + c).word[0];
    return static_cast<float>(level) * args_.scale[c] + args_.bias[c];
  }

  // Returns the number, counted from 1, of the sample's last box that covers the pixel, or 0 if none does. If
  // before_mixing, looks only at boxes that are erased before mixing, else only at the others.
  __device__ __forceinline__ uint32_t last_cover(const ErasedSample& sample, bool before_mixing, int32_t y,
                                                 int32_t x) const {
    uint32_t number = sample.count;
#pragma unroll 1
    for (; number > 0; --number) {
      const SampleOperation& operation = box(sample, number - 1);
      const EraseBox at = erase_box(operation);
      const int32_t row = y - at.y, column = x - at.x;
      const bool covers = row >= 0 && row < at.height && column >= 0 && column < at.width;
      if (covers && is_before(operation) == before_mixing) break;
    }
    return number;
  }

  static __device__ __forceinline__ float filled(const SampleOperation& operation, int32_t y, int32_t x, int32_t c) {
    if (operation.opcode() == Opcode::kErasePixelsNormalized) return operation.value(2);
    const EraseBox at = erase_box(operation);
    const bool per_channel = (operation.flags() & kNoisePerChannel) != 0;
    const int64_t element =
        per_channel ? c : (static_cast<int64_t>(c) * at.height + (y - at.y)) * at.width + (x - at.x);
    return noise(static_cast<uint32_t>(operation.word[2]), element);
  }

  const unsigned char* const bytes_;
  const EraseArgs& args_;
};

template <typename Bytes>
__global__ void __launch_bounds__(kEraseThreads, 3)
    erase_kernel(const __grid_constant__ Bytes bytes, const __grid_constant__ EraseArgs args) {
  const uint32_t* const tasks = reinterpret_cast<const uint32_t*>(bytes.get() + args.task_offset);
  Eraser(bytes.get(), args).run(tasks[blockIdx.x]);
}

}  // namespace

void erase_cuda(const ResampleMixParams& params, const uint8_t* images, CudaStream stream) {
  const PlanView& plan = params.plan;
  std::vector<ErasedSample> samples(plan.batch);
  std::vector<SampleOperation> boxes;
  std::vector<bool> before(plan.batch);
  for (int32_t i = 0; i < plan.batch; ++i) {
    const auto first = static_cast<uint32_t>(boxes.size());
    const SampleOperation* const operations = params.samples.operations(i);
    for (int32_t k = count_pixel_operations(params.samples, i); k < params.samples.row(i).count; ++k) {
      boxes.push_back(operations[k]);
      before[i] = before[i] || (operations[k].flags() & kBeforeMixing) != 0;
    }
    samples[i] = {first, static_cast<uint32_t>(boxes.size()) - first, static_cast<uint32_t>(plan.rows[i].partner),
                  pixel_weight(plan, i)};
  }
  std::vector<uint32_t> tasks;
  for (int32_t i = 0; i < plan.batch; ++i) {
    if (samples[i].count > 0 || (!plan.untouched(i) && before[plan.rows[i].partner])) tasks.push_back(i);
  }
  if (tasks.empty()) return;

  KernelBytes bytes;
  EraseArgs args = {};
  bytes.append(samples);
  args.box_offset = bytes.append(boxes);
  args.task_offset = bytes.append(tasks);
  args.images = images;
  args.out = static_cast<unsigned char*>(params.out);
  args.masks = plan.mask.levels;
  args.plane = int64_t{params.height} * params.width;
  args.height = params.height;
  args.width = params.width;
  args.mask_height = plan.mask.extent.height;
  args.mask_width = plan.mask.extent.width;
  args.dtype = params.out_dtype;
  args.interleaved = params.out_layout == Layout::kNHWC;
  std::copy_n(params.scale, kMaxChannels, args.scale);
  std::copy_n(params.bias, kMaxChannels, args.bias);
  const dim3 grid(static_cast<uint32_t>(tasks.size())), block(kEraseThreads);
  with_kernel_bytes<EraseArgs>(bytes, stream, [&](const auto& taken) {
    const auto kernel = erase_kernel<std::decay_t<decltype(taken)>>;
    FM_LAUNCH("erase", kernel, grid, block, 0, stream, taken, args);
  });
}

}  // namespace fastmix
