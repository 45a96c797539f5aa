// What a file's structure says before anything is decoded: guards against bytes on which libraries crash, hang or
// allocate gigabytes. None of them refuses a file that those libraries decode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kind.h"

namespace fastmix {

// Progressive JPEGs have about ten scans. Each one costs a pass over the whole picture.
constexpr int kMostScans = 100;

// Whether a parser may read the header: PNG and WebP chunks and the strips of a TIFF lie within the file, and a JPEG,
// PNG or PNM has enough bytes for the pixels that its header claims.
bool sound_header(Kind kind, const uint8_t* data, size_t size);

// Whether a decoder may read the rest: JPEGs have no more than kMostScans scans.
bool sound_body(Kind kind, const uint8_t* data, size_t size);

// Whether it is a JPEG that has its end and passes sound_body(): one that another decoder than fastmix's may be given.
bool is_whole_jpeg(Kind kind, const uint8_t* data, size_t size);

// Whether the end of the file is there. True for formats that do not mark it.
bool complete(Kind kind, const uint8_t* data, size_t size);

// A copy that every library reads in the same way; empty if the file is unambiguous. Needs a sound header. Of several
// Exif segments in a JPEG the first counts, as in Pillow; a WebP chunk of odd size includes its padding; a PNM is
// binary and its largest value is 255 or 65535.
std::vector<uint8_t> unambiguous(Kind kind, const uint8_t* data, size_t size);

}  // namespace fastmix
