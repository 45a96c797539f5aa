// Turns decoded images of different sizes into a uint8 batch of one size, with the same bits as Pillow's Image.resize:
// in two fixed-point passes, each rounded to 8 bits.
#pragma once

#include <cstdint>
#include <memory>

#include "base/job.h"
#include "resample/source.h"
#include "simd/scratch.h"

namespace fastmix {

// All arrays are on the host and have `batch` elements; `mirror` may be null.
struct ResampleParams {
  SourceArrays sources;
  const uint8_t* mirror = nullptr;  // mirror[i] != 0: flip output i left to right
  uint8_t* out = nullptr;           // batch x height x width x channels, densely packed
  int32_t batch = 0;
  int32_t height = 0;
  int32_t width = 0;
  int32_t channels = 3;
};

void validate(const ResampleParams& params);

// Borrows the arrays of `params` until the job is destroyed.
std::unique_ptr<CpuJob> resample_cpu(const ResampleParams& params);

// Launches one kernel on `stream` without synchronising. The caller may free the arrays on return, but must keep the
// images until the kernel has read them.
void resample_cuda(const ResampleParams& params, CudaStream stream);

// Whether Pillow 13 makes the vertical pass first for this image. The order changes the result, since each pass rounds.
bool is_vertical_first(const Source& source, int32_t height, int32_t width);

// One thread's memory for resample_image.
struct ResampleScratch {
  Scratch columns, rows;
};

// Resamples one image to height x width x channels bytes at `out`, HWC. resample_mix calls this with `out` in cache.
void resample_image(const Source& source, int32_t channels, int32_t height, int32_t width, bool mirror, uint8_t* out,
                    ResampleScratch& scratch);

}  // namespace fastmix
