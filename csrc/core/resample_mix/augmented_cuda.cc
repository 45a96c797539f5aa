// resample_mix with a sample plan on CUDA: three launches, a fourth if boxes of the normalised output are erased.
//
//   images -> resample -> uint8 batch in the scratch -> augment_ -> normalize_mix -> erase
#include <cstring>
#include <vector>

#include "augment/augment.h"
#include "augment/device_operations.h"
#include "resample/resample.h"
#include "resample_mix/erase.h"
#include "resample_mix/resample_mix.h"

namespace fastmix {

namespace {

// The part of the sample plan that augment_ applies. The resampling does the flips, at no cost, and erase_cuda() fills
// the boxes of the normalised output at the end.
struct PixelPlan {
  explicit PixelPlan(const ResampleMixParams& params)
      : words(params.samples.words, params.samples.words + int64_t{params.samples.batch} * params.samples.row_words),
        mirror(params.samples.batch) {
    for (int32_t i = 0; i < params.samples.batch; ++i) {
      int32_t* const at = words.data() + int64_t{i} * params.samples.row_words;
      SampleRow row = params.samples.row(i);
      mirror[i] = (params.mirror != nullptr && params.mirror[i]) != row.flips_horizontally();
      row.flags &= ~1;
      row.count = count_pixel_operations(params.samples, i);
      std::memcpy(at, &row, sizeof(row));
    }
    view = params.samples;
    view.words = words.data();
  }

  std::vector<int32_t> words;
  std::vector<uint8_t> mirror;
  SamplePlanView view;
};

}  // namespace

void launch_augmented_mix(const ResampleMixParams& params, const ScratchAllocator& allocate, CudaStream stream) {
  const int32_t batch = params.plan.batch;
  if (batch == 0) return;
  const PixelPlan pixel_plan(params);
  const int64_t bytes = int64_t{3} * params.height * params.width;

  AugmentParams augmenting;
  augmenting.in_stride = augmenting.out_stride = bytes;
  augmenting.height = params.height;
  augmenting.width = params.width;
  augmenting.interleaved = true;
  augmenting.plan = pixel_plan.view;
  const DeviceProgram program = device_program(augmenting);
  // In the allocated memory, the images come after the scratch of augment_. program.scratch_bytes is a multiple of 16,
  // so the images are aligned.
  auto* const scratch = static_cast<uint8_t*>(allocate(program.scratch_bytes + batch * bytes));
  uint8_t* const images = scratch + program.scratch_bytes;
  augmenting.in = augmenting.out = images;

  ResampleParams resampling;
  resampling.sources = params.sources;
  resampling.mirror = pixel_plan.mirror.data();
  resampling.out = images;
  resampling.batch = batch;
  resampling.height = params.height;
  resampling.width = params.width;
  resampling.channels = params.channels;
  resample_cuda(resampling, stream);
  augment_cuda(augmenting, program, scratch, stream);

  std::vector<const uint8_t*> in(batch);
  for (int32_t i = 0; i < batch; ++i) in[i] = images + i * bytes;
  NormalizeMixParams normalizing = params.normalizing();
  normalizing.in = in.data();
  normalize_mix_cuda(normalizing, stream);
  erase_cuda(params, images, stream);
}

}  // namespace fastmix
