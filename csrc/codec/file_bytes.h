// The bytes of a file or of a part of it, or why there are none.
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

}  // namespace fastmix
