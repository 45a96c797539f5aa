// What became of one sample: the values that the operators return, with a name and a meaning for Python.
#pragma once

#include <cstdint>

namespace fastmix {

enum class Status : int32_t {
  kOk,
  kMissing,
  kDenied,
  kTransient,
  kNotAFile,
  kEmpty,
  kTooLarge,
  kUnknownFormat,
  kUnsupported,
  kTruncated,
  kDamaged,
  kWindowDamaged,
  kChanged,
};

// What a status is a function of: whether it will be the same for the next epoch and for another window.
enum class Scope : int32_t {
  kFile,    // the file's bytes: every window of it gets this status
  kWindow,  // the bytes and the window
  kMoment,  // the state of the system; another attempt may succeed although the file has not changed
};

struct StatusText {
  const char* name;
  Scope scope;
  const char* meaning;  // follows the name of the file
};

// Indexed by Status.
inline constexpr StatusText kStatusTexts[] = {
    {"ok", Scope::kWindow, "decoded"},
    {"missing", Scope::kFile, "is missing"},
    {"denied", Scope::kMoment, "may not be read by this user"},
    {"transient", Scope::kMoment, "could not be read now (I/O error, open files, memory, network)"},
    {"not_a_file", Scope::kFile, "is a folder, a pipe, a socket or a device"},
    {"empty", Scope::kFile, "is empty"},
    {"too_large", Scope::kFile, "has more pixels than max_pixels, or more bytes than max_bytes"},
    {"unknown_format", Scope::kFile, "is not an image of a known format"},
    {"unsupported", Scope::kFile,
     "is a GIF, AVIF or JPEG 2000, which only Pillow decodes (damaged JPEG 2000 files crash nvImageCodec): pass "
     "decode_with_pillow=True; or a HEIF, JPEG XL or ICO: convert it to PNG"},
    {"truncated", Scope::kFile, "cannot be decoded: it is truncated"},
    {"damaged", Scope::kFile, "cannot be decoded: it is damaged, or a rare variant of its format"},
    {"window_damaged", Scope::kWindow, "cannot be decoded: the pixels in this crop are damaged"},
    {"changed", Scope::kMoment, "lies in a shard that changed after it was indexed (restore it, or make a new loader)"},
};

constexpr const StatusText& text_of(Status status) { return kStatusTexts[static_cast<int32_t>(status)]; }

}  // namespace fastmix
