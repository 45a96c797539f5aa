#include "read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace fastmix {

namespace {

constexpr int kAttempts = 3;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int operator*() const { return number_; }

 private:
  int number_;
};

Status status_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
      return Status::kMissing;
    case EACCES:
    case EPERM:
      return Status::kDenied;
    case EISDIR:
    case ENXIO:
    case ENODEV:
      return Status::kNotAFile;
    default:
      return Status::kTransient;
  }
}

FileBytes failed(int error) { return {status_of(error), nullptr, 0, std::generic_category().message(error)}; }

int64_t written_of(const struct stat& status) {
  return int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

bool same(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && written_of(a) == written_of(b);
}

// The number of bytes read, less than `size` if the file ends before; -1 for an error.
ssize_t read_all(int file, uint8_t* data, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t bytes = read(file, data + done, size - done);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return -1;
    if (bytes == 0) break;
    done += static_cast<size_t>(bytes);
  }
  return static_cast<ssize_t>(done);
}

// False if the file has changed meanwhile.
bool attempt(const std::string& path, int64_t max_bytes, FileBytes& result) {
  struct stat before, after;
  const auto fail = [&] {
    result = failed(errno);
    return true;
  };
  // Looked at first: even to open a device can do something.
  if (stat(path.c_str(), &before) != 0) return fail();
  if (!S_ISREG(before.st_mode)) return result = {Status::kNotAFile, nullptr, 0, "not a regular file"}, true;
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (*file < 0 || fstat(*file, &before) != 0) return fail();
  if (!S_ISREG(before.st_mode)) return result = {Status::kNotAFile, nullptr, 0, "not a regular file"}, true;
  if (before.st_size == 0) return result = {Status::kEmpty, nullptr, 0, "", written_of(before)}, true;
  if (max_bytes > 0 && before.st_size > max_bytes) {
    return result = {Status::kTooLarge, nullptr, 0, std::to_string(before.st_size) + " bytes", written_of(before)},
           true;
  }
  const auto size = static_cast<size_t>(before.st_size);
  result = {Status::kOk, std::make_shared_for_overwrite<uint8_t[]>(size), size, "", written_of(before)};
  const ssize_t bytes = read_all(*file, result.data.get(), size);
  if (bytes < 0 || fstat(*file, &after) != 0) return fail();
  return static_cast<size_t>(bytes) == size && same(before, after);
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
