// Reads a local file whatever happens to it meanwhile.
#pragma once

#include <cstdint>
#include <string>

#include "file_bytes.h"

namespace fastmix {

// Does not block on folders, pipes and devices, which are kNotAFile. A file that changes while it is read is read
// again, a few times, then it is kTransient. Never throws.
FileBytes read_file(const std::string& path, int64_t max_bytes) noexcept;

}  // namespace fastmix
