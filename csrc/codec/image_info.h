// nvImageCodec's descriptions of a backend and of an output, which the decoders for the CPU and the GPU share.
#pragma once

#include "nvimgcodec_library.h"
#include "resample/window.h"

namespace fastmix {

inline nvimgcodecBackend_t backend_of(nvimgcodecBackendKind_t kind) {
  auto backend = described<nvimgcodecBackend_t>(NVIMGCODEC_STRUCTURE_TYPE_BACKEND);
  backend.kind = kind;
  backend.params = described<nvimgcodecBackendParams_t>(NVIMGCODEC_STRUCTURE_TYPE_BACKEND_PARAMS);
  backend.params.load_hint = 1;
  backend.params.load_hint_policy = NVIMGCODEC_LOAD_HINT_POLICY_FIXED;
  return backend;
}

// RGB (height, width, 3), densely packed, at `out` on the host, of an image with this `info`; `bytes` of each sample.
inline nvimgcodecImageInfo_t rgb_output(const nvimgcodecImageInfo_t& info, Size size, nvimgcodecSampleDataType_t type,
                                        size_t bytes, void* out) {
  constexpr uint32_t kChannels = 3;
  nvimgcodecImageInfo_t output = info;
  output.struct_next = nullptr;
  output.color_spec = NVIMGCODEC_COLORSPEC_SRGB;
  output.sample_format = NVIMGCODEC_SAMPLEFORMAT_I_RGB;
  output.chroma_subsampling = NVIMGCODEC_SAMPLING_NONE;
  output.num_planes = 1;
  output.buffer = out;
  output.buffer_kind = NVIMGCODEC_IMAGE_BUFFER_KIND_STRIDED_HOST;
  nvimgcodecImagePlaneInfo_t& plane = output.plane_info[0];
  plane.height = static_cast<uint32_t>(size.height);
  plane.width = static_cast<uint32_t>(size.width);
  plane.num_channels = kChannels;
  plane.row_stride = static_cast<size_t>(size.width) * kChannels * bytes;
  plane.sample_type = type;
  plane.precision = 0;
  return output;
}

}  // namespace fastmix
