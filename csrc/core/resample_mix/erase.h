// Erases boxes of a normalised batch on CUDA, as erased_rows.h does on the CPU.
#pragma once

#include <cstdint>

#include "base/job.h"
#include "resample_mix/resample_mix.h"

namespace fastmix {

// Bits of SampleOperation::flags() for erasing.
constexpr int32_t kNoisePerChannel = 1 << 3, kBeforeMixing = 1 << 4;

// The Philox key of normal noise has two words: the operation's random word, and this number.
constexpr uint32_t kNoiseStream = 'E' << 24 | 'r' << 16 | 'N' << 8 | 'o';

// Launches one kernel on `stream` without synchronising. Launches nothing if no sample has boxes. `images` are the
// augmented uint8 images (B, H, W, 3) in device memory, from which params.out was computed.
void erase_cuda(const ResampleMixParams& params, const uint8_t* images, CudaStream stream);

}  // namespace fastmix
