// New memory for large results.
#pragma once

#include <torch/csrc/stable/tensor.h>

namespace fastmix {

// Asks the system for huge pages where `fresh`, which nobody has written yet, is large and on the CPU: clearing a page
// at a time, on the first touch of each, otherwise takes longer than a mix. Only advice; returns `fresh`.
torch::stable::Tensor with_huge_pages(torch::stable::Tensor fresh);

}  // namespace fastmix
