// Reads s3:// and gs:// with DALI's file streams.
#pragma once

#include <string>

#include "read_file.h"

namespace fastmix {

bool is_url(const std::string& path);

// Never throws. kTransient also for objects of S3 that are missing, since DALI does not tell them apart; `message` has
// its words.
FileBytes read_remote(const std::string& url, int64_t max_bytes) noexcept;

}  // namespace fastmix
