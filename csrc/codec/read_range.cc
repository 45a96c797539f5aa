#include "read_range.h"

#include <cerrno>
#include <new>

namespace fastmix {

namespace {

FileBytes changed(std::string message) { return {Status::kChanged, nullptr, 0, std::move(message)}; }

// Reads from an open file, whatever version it has.
FileBytes read_from(const RegularFile& file, const FileRange& range, int64_t max_bytes) {
  const auto& [offset, size, version, ahead_offset, ahead_size] = range;
  if (size == 0) return {Status::kEmpty, nullptr, 0, "", version.written};
  if (offset < 0 || size < 0 || offset > version.size - size) {
    return changed("no " + std::to_string(size) + " bytes from byte " + std::to_string(offset) + " on");
  }
  if (max_bytes > 0 && size > max_bytes) {
    return {Status::kTooLarge, nullptr, 0, std::to_string(size) + " bytes", version.written};
  }
  if (ahead_size > 0) file.read_ahead(ahead_offset, ahead_size);
  const auto count = static_cast<size_t>(size);
  FileBytes result = {Status::kOk, std::make_shared_for_overwrite<uint8_t[]>(count), count, "", version.written};
  const ssize_t bytes = file.read(result.data.get(), count, offset);
  if (bytes < 0) return failed(errno);
  return static_cast<size_t>(bytes) == count ? result : changed("it ends before");
}

FileBytes attempt(OpenFiles& files, const std::string& path, const FileRange& range, int64_t max_bytes) {
  FileBytes result;
  const auto file = files.get(path, result);
  if (file == nullptr) {
    // It was there when it was indexed.
    const bool gone = result.status == Status::kMissing || result.status == Status::kNotAFile;
    return gone ? changed(std::move(result.message)) : result;
  }
  FileVersion before, after;
  if (!file->version(before)) {
    result = failed(errno);
  } else if (before != range.file) {
    result = changed("it was written to, or replaced");
  } else {
    result = read_from(*file, range, max_bytes);
    // Bytes are of the version that the file has before and after they are read.
    if (result.status == Status::kOk && (!file->version(after) || after != before)) {
      result = changed("it was written to meanwhile");
    }
  }
  // A network file system may have closed it.
  if (result.status == Status::kTransient || result.status == Status::kChanged) files.forget(path, file);
  return result;
}

}  // namespace

FileBytes read_range(OpenFiles& files, const std::string& path, const FileRange& range, int64_t max_bytes) noexcept {
  try {
    FileBytes result = attempt(files, path, range, max_bytes);
    // The held file may be one that was replaced before the index was made.
    return result.status == Status::kChanged ? attempt(files, path, range, max_bytes) : result;
  } catch (const std::bad_alloc&) {
    return {Status::kTransient, nullptr, 0, "out of memory"};
  }
}

}  // namespace fastmix
