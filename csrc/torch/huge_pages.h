// Requests huge pages for newly allocated large tensors.
#pragma once

#include <torch/csrc/stable/tensor.h>

namespace fastmix {

// Asks Linux for huge pages for `fresh` if it is large and on the CPU; returns `fresh`. Call it before the first write:
// otherwise the first write clears small pages one by one, which takes longer than a mix.
torch::stable::Tensor with_huge_pages(torch::stable::Tensor fresh);

}  // namespace fastmix
