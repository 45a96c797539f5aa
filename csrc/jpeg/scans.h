// Limits on the scans of a JPEG, and whether all of them are there.
#pragma once

#include <algorithm>
#include <cstdio>

// After <cstdio>, whose FILE it uses.
#include <jpeglib.h>

namespace fastmix {

// Progressive files have about ten; some hundred thousand fit into a small one, each over the whole picture.
constexpr int kMostScans = 100;

// Whether all scans of a progressive file are there. Other decoders make up for missing ones by smoothing, which
// depends on the part that is decoded.
inline bool has_all_coefficients(const jpeg_decompress_struct& jpeg) {
  if (!jpeg.progressive_mode) return true;
  // By component and frequency: how many of the lowest bits are missing, -1 for all.
  return std::all_of(jpeg.coef_bits[0], jpeg.coef_bits[jpeg.num_components], [](int missing) { return missing == 0; });
}

}  // namespace fastmix
