// Functions of CUDA kernels for one output pixel. They find the weight of the sample's own image at that pixel, and
// store a value as the output's element type.
#pragma once

#include <cstdint>

#include "cuda/pixels.h"
#include "cuda/vector_io.h"
#include "formula/mix_math.h"
#include "plan/plan.h"

namespace fastmix {

// What decides the weight of the sample's own image at a pixel. kNothing: the weight is 1, because the sample is not
// mixed.
enum class WeightOf : uint32_t { kNothing, kBox, kMask };

struct PixelWeight {
  WeightOf weight_of;
  float inside, outside;
  int32_t y0, x0, y1, x1;  // the box; for kMask, y0 is the mask's index instead
};

inline PixelWeight pixel_weight(const PlanView& plan, int32_t sample) {
  const PlanRow& row = plan.rows[sample];
  const bool masked = row.mask >= 0;
  const WeightOf of = plan.untouched(sample) ? WeightOf::kNothing : masked ? WeightOf::kMask : WeightOf::kBox;
  return {of, row.weight_in, row.weight_out, masked ? row.mask : row.box[0], row.box[1], row.box[2], row.box[3]};
}

// Returns the weight of the sample's own image at pixel (y, x). Args has the members height, width, masks, mask_height
// and mask_width.
template <typename Args>
__device__ __forceinline__ float weight_at(const Args& args, const PixelWeight& weight, int32_t y, int32_t x) {
  if (weight.weight_of == WeightOf::kNothing) return 1.0f;
  if (weight.weight_of == WeightOf::kMask) {
    const uint64_t row = quotient(static_cast<uint64_t>(y) * args.mask_height, args.height);
    const uint64_t column = quotient(static_cast<uint64_t>(x) * args.mask_width, args.width);
    const uint64_t cell = (static_cast<uint64_t>(weight.y0) * args.mask_height + row) * args.mask_width + column;
    return mask_weight(static_cast<uint8_t>(load_global<1>(args.masks + cell).word[0]), weight.inside, weight.outside);
  }
  const bool inside = y >= weight.y0 && y < weight.y1 && x >= weight.x0 && x < weight.x1;
  return inside ? weight.inside : weight.outside;
}

template <typename T>
__device__ __forceinline__ void store_as(unsigned char* out, int64_t element, float value) {
  Words<1> word = {};
  put_element(word, 0, narrow_float<T>(value));
  store_global<sizeof(T)>(out + element * static_cast<int64_t>(sizeof(T)), word);
}
__device__ __forceinline__ void store_as(DType dtype, unsigned char* out, int64_t element, float value) {
  if (dtype == DType::kF16) {
    store_as<Half>(out, element, value);
  } else if (dtype == DType::kBF16) {
    store_as<BFloat16>(out, element, value);
  } else {
    store_as<float>(out, element, value);
  }
}

}  // namespace fastmix
