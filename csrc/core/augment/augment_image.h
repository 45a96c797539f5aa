// Applies one sample's flips and operations to an image in cache.
#pragma once

#include <cstdint>
#include <optional>

#include "augment/augment_kernels.h"
#include "augment/image_buffers.h"
#include "augment/sample_plan.h"
#include "augment/tables.h"

namespace fastmix {

// Whether the sample's flips and operations leave its bytes as they are.
bool keeps_pixels(const SampleRow& row, const SampleOperation* operations);

// Delays operations that only map levels by a table (such as Solarize) until another operation needs the pixels.
// Consecutive tables, including those of AutoContrast, Equalize and Contrast, become one table, which is applied once.
class ImageAugmenter {
 public:
  ImageAugmenter(int64_t height, int64_t width, const AugmentKernels& kernels = augment_kernels())
      : image_(height, width), kernels_(kernels) {}

  // Augments three planes and returns where the result is: in `planes`, or in this object's memory. The result is valid
  // until the next call. The plan must have passed validate().
  uint8_t* run(const SampleRow& row, const SampleOperation* operations, uint8_t* planes);
  // Augments the three planes at the start of `planes` and leaves the result there. May replace the memory that
  // `planes` owns.
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
  LevelTable table_;                    // composition of the tables that are not yet applied
  bool pending_ = false;                // whether table_ still has to be applied
  std::optional<Histogram> histogram_;  // histogram of the pixels before table_ is applied
};

}  // namespace fastmix
