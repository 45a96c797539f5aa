// Reads a local file whatever happens to it meanwhile. Never maps it: a file that shrinks would be a SIGBUS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "status.h"

namespace fastmix {

struct FileBytes {
  Status status = Status::kOk;
  std::shared_ptr<uint8_t[]> data;
  size_t size = 0;
  std::string message;   // why not, in the system's words
  int64_t written = -1;  // nanoseconds since 1970, of the bytes that were read; -1 if unknown
};

// Does not block on folders, pipes and devices, which are kNotAFile. A file that changes while it is read is read
// again, a few times, then it is kTransient. Never throws.
FileBytes read_file(const std::string& path, int64_t max_bytes) noexcept;

}  // namespace fastmix
