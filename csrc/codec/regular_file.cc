#include "regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace fastmix {

namespace {

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

}  // namespace

FileBytes failed(int error) { return {status_of(error), nullptr, 0, std::generic_category().message(error)}; }

std::unique_ptr<RegularFile> RegularFile::open(const std::string& path, FileBytes& failure) {
  struct stat status;
  const auto fail = [&] {
    failure = failed(errno);
    return nullptr;
  };
  const auto refuse = [&] {
    failure = {Status::kNotAFile, nullptr, 0, "not a regular file"};
    return nullptr;
  };
  // Looked at first: even to open a device can do something.
  if (stat(path.c_str(), &status) != 0) return fail();
  if (!S_ISREG(status.st_mode)) return refuse();
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return fail();
  std::unique_ptr<RegularFile> file(new RegularFile(descriptor));
  if (fstat(descriptor, &status) != 0) return fail();
  if (!S_ISREG(status.st_mode)) return refuse();
  return file;
}

RegularFile::~RegularFile() { close(descriptor_); }

bool RegularFile::version(FileVersion& version) const {
  struct stat status;
  if (fstat(descriptor_, &status) != 0) return false;
  version = {status.st_size, int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
  return true;
}

ssize_t RegularFile::read(uint8_t* data, size_t size, int64_t offset) const {
  size_t done = 0;
  while (done < size) {
    const ssize_t bytes = pread(descriptor_, data + done, size - done, offset + static_cast<int64_t>(done));
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return -1;
    if (bytes == 0) break;
    done += static_cast<size_t>(bytes);
  }
  return static_cast<ssize_t>(done);
}

void RegularFile::read_ahead(int64_t offset, int64_t size) const {
  posix_fadvise(descriptor_, offset, size, POSIX_FADV_WILLNEED);
}

}  // namespace fastmix
