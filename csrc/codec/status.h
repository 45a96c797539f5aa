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
  const char* meaning;
};

// Indexed by Status.
inline constexpr StatusText kStatusTexts[] = {
    {"ok", Scope::kWindow, "the window was decoded"},
    {"missing", Scope::kFile, "no file has this name"},
    {"denied", Scope::kMoment, "the permissions forbid reading it"},
    {"transient", Scope::kMoment, "it could not be read now (I/O error, open files, memory, network); try again"},
    {"not_a_file", Scope::kFile, "it is a folder, a pipe, a socket or a device"},
    {"empty", Scope::kFile, "it has no bytes"},
    {"too_large", Scope::kFile, "it has more pixels than max_pixels, or more bytes than max_bytes"},
    {"unknown_format", Scope::kFile, "its first bytes are those of no known image format"},
    {"unsupported", Scope::kFile,
     "fastmix does not decode GIF, AVIF, HEIF, JPEG XL, ICO, or JPEG 2000, whose damaged files crash nvImageCodec; "
     "convert it to PNG"},
    {"truncated", Scope::kFile, "it ends early and cannot be decoded"},
    {"damaged", Scope::kFile, "the decoders refuse it: it is damaged, or a rare variant of its format"},
    {"window_damaged", Scope::kWindow, "the pixels that this window needs are damaged"},
};

constexpr const StatusText& text_of(Status status) { return kStatusTexts[static_cast<int32_t>(status)]; }

}  // namespace fastmix
