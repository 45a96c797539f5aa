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

// Throws Error unless the images are uint8 (H, W, C), have the same number of channels and lie on one device. `filters`
// and `edges` hold one code for all images or one per image; the operator's validate() checks the codes. The result
// points to the data of `windows`, so `windows` must outlive it.
SourceList source_list(const char* op, std::vector<Tensor> images, const Tensor& windows,
                       const std::vector<int64_t>& filters, const std::vector<int64_t>& edges);

int32_t check_side(const char* op, const char* name, int64_t side);

}  // namespace fastmix
