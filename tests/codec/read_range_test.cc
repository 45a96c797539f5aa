// read_range: members of shards or a status, from files that stay open, whatever happens to them meanwhile.
// read_range_test FOLDER: an empty folder to write into.
#include "read_range.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <limits>
#include <thread>
#include <vector>

#include "../core/check.h"

using namespace fastmix;

namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max(), kLeast = std::numeric_limits<int64_t>::min();

std::string folder;
std::string in_folder(const std::string& name) { return folder + "/" + name; }

void write(const std::string& path, const std::string& content) {
  FILE* file = std::fopen(path.c_str(), "wb");
  CHECK(file != nullptr, path);
  CHECK(std::fwrite(content.data(), 1, content.size(), file) == content.size());
  CHECK(std::fclose(file) == 0);
}

FileVersion version_of(const std::string& path) {
  FileBytes failure;
  FileVersion version;
  const auto file = RegularFile::open(path, failure);
  CHECK(file != nullptr && file->version(version), path, failure.message);
  return version;
}

std::string content_of(int number) { return std::string(1000, static_cast<char>('a' + number % 26)) + "0123456789"; }

int open_descriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

std::string read(OpenFiles& files, const std::string& path, int64_t offset, int64_t size, FileVersion version) {
  const FileBytes bytes = read_range(files, path, {offset, size, version, 0, 0}, 0);
  if (bytes.status != Status::kOk) return text_of(bytes.status).name;
  CHECK(bytes.message.empty() && bytes.written == version.written);
  return {bytes.data.get(), bytes.data.get() + bytes.size};
}

TEST(ranges_are_read) {
  const std::string path = in_folder("shard \xFF\n");
  write(path, content_of(0));
  const FileVersion version = version_of(path);
  OpenFiles files(4);
  CHECK(read(files, path, 0, 1010, version) == content_of(0));
  CHECK(read(files, path, 998, 5, version) == "aa012");
  CHECK(read(files, path, 1009, 1, version) == "9");
  CHECK(read(files, path, 3, 0, version) == "empty");
  CHECK(read_range(files, path, {0, 11, version, 0, 0}, 10).status == Status::kTooLarge);
  CHECK(read_range(files, path, {0, 10, version, 0, 1010}, 10).status == Status::kOk);
  CHECK(read_range(files, path, {0, 10, version, kLeast, kMost}, 10).status == Status::kOk);
}

TEST(places_outside_the_file_are_refused_and_nothing_is_allocated) {
  const std::string path = in_folder("shard");
  write(path, content_of(0));
  const FileVersion version = version_of(path);
  OpenFiles files(4);
  const int64_t hostile[][2] = {{-1, 5},         {0, -1},         {0, 1011},   {1010, 1},       {1011, 1},
                                {kMost, kMost},  {1, kMost},      {kMost, 1},  {kLeast, 1},     {0, kMost},
                                {kLeast, kMost}, {kMost, kLeast}, {0, kLeast}, {kLeast, kLeast}};
  for (const auto& [offset, size] : hostile) {
    CHECK(read(files, path, offset, size, version) == "changed", offset, " ", size);
  }
}

TEST(another_version_of_the_file_is_changed) {
  const std::string path = in_folder("shard");
  write(path, content_of(0));
  const FileVersion version = version_of(path);
  OpenFiles files(4);
  const FileVersion other_size = {version.size + 1, version.written}, other_time = {version.size, version.written - 1};
  const FileVersion hostile = {kMost, kMost};
  for (const FileVersion& other : {other_size, other_time, hostile}) CHECK(read(files, path, 0, 5, other) == "changed");
  CHECK(read(files, path, 0, 5, version) == "aaaaa");

  // Cut off, while it is held open.
  CHECK(truncate(path.c_str(), 500) == 0);
  CHECK(read(files, path, 0, 5, version) == "changed");

  // Written anew in place, to the same size.
  write(path, content_of(1));
  const timespec times[2] = {{0, UTIME_OMIT}, {12345, 678}};
  CHECK(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
  CHECK(read(files, path, 0, 5, version) == "changed");
  CHECK(read(files, path, 0, 5, {1010, 12'345'000'000'678}) == "bbbbb");
}

TEST(a_held_file_outlives_its_name_and_is_let_go_for_the_one_that_is_wanted) {
  const std::string path = in_folder("shard");
  write(path, content_of(0));
  const FileVersion version = version_of(path);
  OpenFiles files(4);
  CHECK(read(files, path, 0, 5, version) == "aaaaa");
  CHECK(unlink(path.c_str()) == 0);
  CHECK(read(files, path, 0, 5, version) == "aaaaa");
  write(in_folder("new"), content_of(2) + "longer");
  CHECK(rename(in_folder("new").c_str(), path.c_str()) == 0);
  CHECK(read(files, path, 0, 5, version) == "aaaaa");
  CHECK(read(files, path, 0, 5, version_of(path)) == "ccccc");
  CHECK(read(files, path, 0, 5, version) == "changed");
}

TEST(what_is_no_file_any_more_is_changed_and_never_blocks) {
  OpenFiles files(4);
  const FileVersion version = {1010, 5};
  CHECK(mkfifo(in_folder("pipe").c_str(), 0600) == 0);
  for (const std::string& path : {in_folder("nothing"), folder, in_folder("pipe"), std::string("/dev/zero"),
                                  std::string(), std::string(5000, 'a')}) {
    CHECK(read(files, path, 0, 5, version) == "changed", path);
  }
}

TEST(what_may_pass_is_told_from_changes) {
  write(in_folder("other"), content_of(0));
  const FileVersion version = version_of(in_folder("other"));
  OpenFiles files(4);
  rlimit limit;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none = {0, limit.rlim_max};
  CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  const std::string found = read(files, in_folder("other"), 0, 5, version);
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(found == "transient");
  CHECK(read(files, in_folder("other"), 0, 5, version) == "aaaaa");
  if (geteuid() == 0) return;  // root reads everything
  CHECK(chmod(in_folder("other").c_str(), 0) == 0);
  OpenFiles fresh(4);
  CHECK(read(fresh, in_folder("other"), 0, 5, version) == "denied");
}

TEST(held_files_make_room_where_the_system_opens_no_more) {
  OpenFiles files(8);
  for (const char* name : {"first", "second", "third"}) write(in_folder(name), content_of(0));
  const FileVersion third = version_of(in_folder("third"));
  for (const char* name : {"first", "second"}) {
    CHECK(read(files, in_folder(name), 0, 1, version_of(in_folder(name))) == "a");
  }
  const int next = open("/dev/null", O_RDONLY);
  close(next);
  rlimit limit;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit full = {static_cast<rlim_t>(next), limit.rlim_max};
  CHECK(setrlimit(RLIMIT_NOFILE, &full) == 0);
  const std::string found = read(files, in_folder("third"), 0, 1, third);
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(found == "a", found);
}

TEST(many_threads_read_more_files_than_stay_open) {
  constexpr int kFiles = 40, kHeld = 8, kThreads = 8;
  std::vector<FileVersion> versions;
  for (int i = 0; i < kFiles; ++i) {
    write(in_folder("many" + std::to_string(i)), content_of(i));
    versions.push_back(version_of(in_folder("many" + std::to_string(i))));
  }
  const int before = open_descriptors();
  {
    OpenFiles files(kHeld);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 2000; ++i) {
          const int number = (i * (t + 7) + t) % kFiles;
          const FileVersion wanted = i % 50 == 0 ? FileVersion{1, 1} : versions[number];
          const std::string found = read(files, in_folder("many" + std::to_string(number)), 999, 3, wanted);
          CHECK(found == (i % 50 == 0 ? "changed" : content_of(number).substr(999, 3)), found);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(open_descriptors() <= before + kHeld);
    // The files that were used last are among those.
    read(files, in_folder("many0"), 0, 1, versions[0]);
    CHECK(unlink(in_folder("many0").c_str()) == 0);
    for (int i = 1; i < kHeld; ++i) read(files, in_folder("many" + std::to_string(i)), 0, 1, versions[i]);
    CHECK(read(files, in_folder("many0"), 0, 1, versions[0]) == "a");
    for (int i = 1; i <= kHeld; ++i) read(files, in_folder("many" + std::to_string(i)), 0, 1, versions[i]);
    CHECK(read(files, in_folder("many0"), 0, 1, versions[0]) == "changed");
  }
  CHECK(open_descriptors() == before);
}

}  // namespace

int main(int, char** argv) {
  folder = argv[1];
  for (const test::Test& test : test::tests()) test.body();
  return 0;
}
