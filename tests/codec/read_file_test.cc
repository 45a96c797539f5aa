// read_file: whole files or a status, whatever the path names and whatever happens to the file meanwhile.
// read_file_test FOLDER: an empty folder to write into.
#include "read_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "../core/check.h"

using namespace fastmix;

namespace {

std::string folder;
std::string in_folder(const char* name) { return folder + "/" + name; }

void write(const std::string& path, const std::string& content) {
  FILE* file = std::fopen(path.c_str(), "wb");
  CHECK(file != nullptr, path);
  CHECK(std::fwrite(content.data(), 1, content.size(), file) == content.size());
  CHECK(std::fclose(file) == 0);
}

Status status_of(const std::string& path, int64_t max_bytes = 0) { return read_file(path, max_bytes).status; }

TEST(a_file_is_read_whole) {
  const std::string path = in_folder("file");
  write(path, std::string(100000, 'x'));
  const FileBytes file = read_file(path, 100000);
  CHECK(file.status == Status::kOk && file.size == 100000 && file.message.empty());
  for (size_t i = 0; i < file.size; ++i) CHECK(file.data[i] == 'x', i);
  CHECK(status_of(path, 99999) == Status::kTooLarge);
}

TEST(what_is_no_file_has_a_status_and_never_blocks) {
  CHECK(status_of(in_folder("nothing")) == Status::kMissing);
  CHECK(status_of(in_folder("file/below")) == Status::kMissing);
  CHECK(status_of(std::string(5000, 'a')) == Status::kMissing && status_of("") == Status::kMissing);
  write(in_folder("empty"), "");
  CHECK(status_of(in_folder("empty")) == Status::kEmpty);
  CHECK(status_of(folder) == Status::kNotAFile && status_of("/dev/zero") == Status::kNotAFile);
  CHECK(mkfifo(in_folder("pipe").c_str(), 0600) == 0);
  CHECK(status_of(in_folder("pipe")) == Status::kNotAFile);
  CHECK(symlink("loop", in_folder("loop").c_str()) == 0);
  CHECK(status_of(in_folder("loop")) == Status::kMissing);
}

TEST(permissions_are_told_from_damage) {
  if (geteuid() == 0) return;  // root reads everything
  write(in_folder("secret"), "x");
  CHECK(chmod(in_folder("secret").c_str(), 0) == 0);
  CHECK(status_of(in_folder("secret")) == Status::kDenied);
}

TEST(too_many_open_files_are_a_moment) {
  rlimit limit;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none = {0, limit.rlim_max};
  CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  const FileBytes file = read_file(in_folder("file"), 0);
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(file.status == Status::kTransient && !file.message.empty(), file.message);
  CHECK(text_of(file.status).scope == Scope::kMoment);
}

// A file that is saved again, in place, by another size every time.
TEST(a_file_that_changes_has_one_size_or_a_status) {
  const std::string path = in_folder("changing");
  write(path, std::string(200000, 'a'));
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) write(path, std::string(i % 3 == 0 ? 300000 : 100000, static_cast<char>('a' + i % 26)));
  });
  for (int i = 0; i < 2000; ++i) {
    const FileBytes file = read_file(path, 0);
    CHECK(file.status == Status::kOk || file.status == Status::kTransient || file.status == Status::kEmpty,
          text_of(file.status).name);
    CHECK(file.status != Status::kOk || file.size % 100000 == 0, file.size);
  }
  stop = true;
  writer.join();
  CHECK(status_of(path) == Status::kOk);
}

TEST(no_descriptor_is_left_open) {
  const int before = open("/dev/null", O_RDONLY);
  close(before);
  for (int i = 0; i < 100; ++i) {
    status_of(in_folder("file"));
    status_of(folder);
    status_of(in_folder("file"), 1);
  }
  const int after = open("/dev/null", O_RDONLY);
  close(after);
  CHECK(before == after, before, " ", after);
}

}  // namespace

int main(int, char** argv) {
  folder = argv[1];
  for (const test::Test& test : test::tests()) test.body();
  return 0;
}
