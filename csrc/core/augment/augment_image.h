// Applies one sample's flips and operations to an image in cache.
#pragma once

#include <cstdint>
#include <optional>

#include "augment/augment_kernels.h"
#include "augment/image_buffers.h"
#include "augment/sample_plan.h"
#include "augment/tables.h"

namespace fastmix {

// Whether the sample keeps its bytes.
bool keeps_pixels(const SampleRow& row, const SampleOperation* operations);

// Tables are not applied until an operation needs the pixels. Consecutive tables, also those of AutoContrast, Equalize
// and Contrast, change the pixels once.
class ImageAugmenter {
 public:
  ImageAugmenter(int64_t height, int64_t width, const AugmentKernels& kernels = augment_kernels())
      : image_(height, width), kernels_(kernels) {}

  // Augments three planes in place or in memory of its own, and returns where they are now. Needs a checked plan. That
  // memory is valid until the next call.
  uint8_t* run(const SampleRow& row, const SampleOperation* operations, uint8_t* planes);
  // As above, but the planes begin `planes` and stay there, though perhaps in other memory.
  void run(const SampleRow& row, const SampleOperation* operations, Scratch& planes);

 private:
  void apply(const SampleOperation& operation);
  void add(const LevelTable& table);
  void flush();
  const Histogram& histogram();
  Extremes extremes();
  uint64_t luma_sum();
  void saturate(float factor);
  void sharpen(float factor);
  void blur(float sigma);
  void accumulate(float weight, bool start);
  void end_mix(float of_kept, float of_sum);

  ImageBuffers image_;
  const AugmentKernels& kernels_;
  LevelTable table_;                    // to apply to the pixels
  bool pending_ = false;                // whether table_ changes anything
  std::optional<Histogram> histogram_;  // of the pixels as stored
};

}  // namespace fastmix
