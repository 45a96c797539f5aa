// Huge pages for new memory of large results.
#pragma once

#include <torch/csrc/stable/tensor.h>

namespace fastmix {

// Advises the kernel to use huge pages for `fresh` if it is large and on the CPU; returns `fresh`. Call it before the
// first write. Clearing small pages one by one on first touch would take longer than a mix.
torch::stable::Tensor with_huge_pages(torch::stable::Tensor fresh);

}  // namespace fastmix
