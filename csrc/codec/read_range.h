// Reads a part of a local file whose place is known from an index: a member of a shard.
#pragma once

#include <cstdint>
#include <string>

#include "file_bytes.h"
#include "open_files.h"

namespace fastmix {

struct FileRange {
  int64_t offset;
  int64_t size;
  FileVersion file;  // when the index was made
  // What the kernel shall read ahead, for other ranges to come; nothing if the size is 0.
  int64_t ahead_offset;
  int64_t ahead_size;
};

// kChanged if the file has another version, is gone, or has no such bytes. Never throws. Any thread.
FileBytes read_range(OpenFiles& files, const std::string& path, const FileRange& range, int64_t max_bytes) noexcept;

}  // namespace fastmix
