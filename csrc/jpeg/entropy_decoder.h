// Faster reading of the coefficients of ordinary JPEGs (sequential, Huffman-coded, all components in one scan), which
// is what decoding a part of a photograph mostly is.
#pragma once

#include <cstdio>

// After <cstdio>, whose FILE it uses.
#include <jpeglib.h>

namespace fastmix {

// Whether this processor has these instructions.
bool has_bmi2();

// Has libjpeg take the coefficients of an ordinary JPEG from a decoder of fastmix's. All else, above all what becomes
// of them, stays libjpeg's, and the pixels are the same. To be called after jpeg_start_decompress and
// jpeg_crop_scanline, with its `first` and `width`, and a source that holds the whole file.
//
// Blocks that are not wanted are read only where wanted ones follow before the next restart marker. Damage in others is
// not found, unless a marker is missing or out of turn. Any other damage is an error, even where libjpeg would go on
// with a warning or none: error_exit is called, and must not return.
void read_coefficients_faster(j_decompress_ptr jpeg, JDIMENSION first, JDIMENSION width, bool bmi2 = has_bmi2());

}  // namespace fastmix
