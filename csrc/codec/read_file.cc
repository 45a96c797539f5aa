#include "read_file.h"

#include <cerrno>
#include <new>

#include "regular_file.h"

namespace fastmix {

namespace {

constexpr int kAttempts = 3;

// False if the file has changed meanwhile.
bool attempt(const std::string& path, int64_t max_bytes, FileBytes& result) {
  const auto file = RegularFile::open(path, result);
  if (file == nullptr) return true;
  FileVersion before, after;
  if (!file->version(before)) return result = failed(errno), true;
  if (before.size == 0) return result = {Status::kEmpty, nullptr, 0, "", before.written}, true;
  if (max_bytes > 0 && before.size > max_bytes) {
    return result = {Status::kTooLarge, nullptr, 0, std::to_string(before.size) + " bytes", before.written}, true;
  }
  const auto size = static_cast<size_t>(before.size);
  result = {Status::kOk, std::make_shared_for_overwrite<uint8_t[]>(size), size, "", before.written};
  const ssize_t bytes = file->read(result.data.get(), size, 0);
  if (bytes < 0 || !file->version(after)) return result = failed(errno), true;
  return static_cast<size_t>(bytes) == size && before == after;
}

}  // namespace

FileBytes read_file(const std::string& path, int64_t max_bytes) noexcept {
  try {
    FileBytes result;
    for (int i = 0; i < kAttempts; ++i) {
      if (attempt(path, max_bytes, result)) return result;
    }
    return {Status::kTransient, nullptr, 0, "it changed while it was read"};
  } catch (const std::bad_alloc&) {
    return {Status::kTransient, nullptr, 0, "out of memory"};
  }
}

}  // namespace fastmix
