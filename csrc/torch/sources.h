// The arguments that the resampling operators share: images of different sizes, their windows, filters and edges.
#pragma once

#include <cstdint>
#include <vector>

#include "resample/source.h"
#include "stable.h"

namespace fastmix {

struct SourceList {
  std::vector<Tensor> tensors;  // contiguous images; they keep the memory of `images` alive
  std::vector<SourceImage> images;
  std::vector<Sampling> sampling;
  SourceArrays arrays;
  int32_t batch = 0;
  int64_t channels = 0;

  const Tensor& first() const { return tensors.front(); }
};

// Throws Error for images other than uint8 (H, W, C) with equal channels on one device. `filters` and `edges` hold one
// value for all images or one per image; check_sources checks them. Keeps a pointer to the data of `windows`.
SourceList source_list(const char* op, std::vector<Tensor> images, const Tensor& windows,
                       const std::vector<int64_t>& filters, const std::vector<int64_t>& edges);

int32_t check_side(const char* op, const char* name, int64_t side);

}  // namespace fastmix
