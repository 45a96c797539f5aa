// Into how many rows and columns of pixels a block is decoded; from libjpeg 7 on these are two numbers.
#pragma once

#include <cstdio>

// After <cstdio>, whose FILE it uses.
#include <jpeglib.h>

namespace fastmix {

#if JPEG_LIB_VERSION >= 70
inline int scaled_size(const jpeg_decompress_struct& jpeg) { return jpeg.min_DCT_h_scaled_size; }
inline int scaled_size(const jpeg_component_info& component) { return component.DCT_h_scaled_size; }
#else
inline int scaled_size(const jpeg_decompress_struct& jpeg) { return jpeg.min_DCT_scaled_size; }
inline int scaled_size(const jpeg_component_info& component) { return component.DCT_scaled_size; }
#endif

}  // namespace fastmix
