// An open local file. Never mapped: a file that shrinks would be a SIGBUS.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "file_bytes.h"

namespace fastmix {

// Changes when the file is written to.
struct FileVersion {
  int64_t size = 0;
  int64_t written = 0;  // nanoseconds since 1970
  bool operator==(const FileVersion&) const = default;
};

// The status of an errno, with the system's message.
FileBytes failed(int error);

class RegularFile {
 public:
  // Does not block on folders, pipes and devices, which are kNotAFile. Null on failure, which `failure` then names.
  static std::unique_ptr<RegularFile> open(const std::string& path, FileBytes& failure);
  ~RegularFile();
  RegularFile(const RegularFile&) = delete;
  RegularFile& operator=(const RegularFile&) = delete;

  // False on failure, with errno.
  bool version(FileVersion& version) const;

  // The number of bytes read, less than `size` if the file ends before; -1 on failure, with errno. Any thread.
  ssize_t read(uint8_t* data, size_t size, int64_t offset) const;

  // Starts the kernel's read-ahead of these bytes.
  void read_ahead(int64_t offset, int64_t size) const;

 private:
  explicit RegularFile(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

}  // namespace fastmix
