#include "open_files.h"

namespace fastmix {

std::shared_ptr<const RegularFile> OpenFiles::get(const std::string& path, FileBytes& failure) {
  {
    const std::lock_guard guard(lock_);
    if (const auto found = places_.find(path); found != places_.end()) {
      files_.splice(files_.begin(), files_, found->second);
      return found->second->second;
    }
  }
  // Not under the lock: a network file system may take its time.
  std::shared_ptr<const RegularFile> file = RegularFile::open(path, failure);
  if (file == nullptr && failure.status == Status::kTransient && close_all()) file = RegularFile::open(path, failure);
  if (file == nullptr) return file;
  std::shared_ptr<const RegularFile> oldest;  // closed after the lock, and after its last reader
  const std::lock_guard guard(lock_);
  // Another thread may have opened it meanwhile: the first stays.
  if (const auto found = places_.find(path); found != places_.end()) return found->second->second;
  files_.emplace_front(path, file);
  places_[path] = files_.begin();
  if (files_.size() > capacity_) {
    oldest = std::move(files_.back().second);
    places_.erase(files_.back().first);
    files_.pop_back();
  }
  return file;
}

bool OpenFiles::close_all() {
  std::list<Entry> closed;  // after the lock
  const std::lock_guard guard(lock_);
  closed.swap(files_);
  places_.clear();
  return !closed.empty();
}

void OpenFiles::forget(const std::string& path, const std::shared_ptr<const RegularFile>& file) {
  const std::lock_guard guard(lock_);
  const auto found = places_.find(path);
  if (found == places_.end() || found->second->second != file) return;
  files_.erase(found->second);
  places_.erase(found);
}

}  // namespace fastmix
