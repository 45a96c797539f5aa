// Batches for erase, which fills boxes of normalised images.
#pragma once

#include <memory>
#include <vector>

#include "augment_cases.h"
#include "cases.h"
#include "resample_mix/erase.h"

namespace fastmix::test {

// A box of `value`, or of normal noise.
SampleOperation box_of(const EraseBox& box, bool before_mixing, float value);
SampleOperation noise_box_of(const EraseBox& box, bool before_mixing, bool per_channel, int32_t key);

// The images are random. The output holds any bits: only boxes are written.
struct EraseCase {
  EraseCase(Random& random, DType dtype, Layout layout, int32_t height, int32_t width, SamplePlan boxes, Plan given);
  void launch() { erase_cuda(params, images->data(), nullptr); }

  Plan plan;
  SamplePlan samples;
  std::unique_ptr<Memory> images, out;
  ResampleMixParams params;
};

}  // namespace fastmix::test
