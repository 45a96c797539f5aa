// Files that stay open while they are used often: a shard has thousands of samples.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "regular_file.h"

namespace fastmix {

// The files that were used last, one descriptor each. Any thread may call it.
class OpenFiles {
 public:
  explicit OpenFiles(size_t capacity) : capacity_(capacity) {}

  // Opens the file unless it is held; where the system opens no more, the held ones are closed. Null on failure, which
  // `failure` then names.
  std::shared_ptr<const RegularFile> get(const std::string& path, FileBytes& failure);

  // Drops a file that get() returned, so that the next get() opens the path anew.
  void forget(const std::string& path, const std::shared_ptr<const RegularFile>& file);

 private:
  using Entry = std::pair<std::string, std::shared_ptr<const RegularFile>>;

  bool close_all();

  const size_t capacity_;
  std::mutex lock_;
  std::list<Entry> files_;  // the latest first
  std::unordered_map<std::string, std::list<Entry>::iterator> places_;
};

}  // namespace fastmix
