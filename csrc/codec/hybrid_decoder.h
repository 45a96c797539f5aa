// Decodes whole JPEGs into GPU memory with nvImageCodec's hybrid decoder: codes on the CPU, pixels on the GPU.
// Not measured on a GPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nvimgcodec_library.h"
#include "resample/window.h"

namespace fastmix {

struct HybridJpeg {
  const uint8_t* data;
  size_t bytes;
  Size size;          // as stored: Exif is not applied
  uint8_t* out;       // GPU memory for RGB (height, width, 3), densely packed
  bool done = false;  // false: the CPU has to judge the file
};

// Never the hardware engine, whose writes may not respect the order of the stream, and never a region, which
// nvImageCodec 0.9 may fail at on a GPU.
class HybridDecoder {
 public:
  // What the decoder works with; the pointers must outlive it.
  struct Resources {
    int device_id;
    nvimgcodecExecutorDesc_t* executor;
    nvimgcodecDeviceAllocator_t* device_allocator;
    nvimgcodecPinnedAllocator_t* pinned_allocator;
  };

  // Throws Error if there is no such decoder, or no GPU.
  HybridDecoder(const NvImageCodec& codec, const Resources& resources);
  ~HybridDecoder();
  HybridDecoder(const HybridDecoder&) = delete;
  HybridDecoder& operator=(const HybridDecoder&) = delete;

  // Sets `done` of each. The memory must be free to write when this is called; the pixels are there in the order of
  // `stream`. Waits for the CPU's part.
  void decode(std::vector<HybridJpeg>& jpegs, cudaStream_t stream);

 private:
  // Reused from batch to batch.
  struct Slot {
    nvimgcodecCodeStream_t stream = nullptr;
    nvimgcodecImage_t image = nullptr;
  };

  bool prepare(const HybridJpeg& jpeg, Slot& slot, cudaStream_t stream) const;

  const NvImageCodec& codec_;
  nvimgcodecDecoder_t decoder_ = nullptr;
  std::vector<Slot> slots_;
};

}  // namespace fastmix
