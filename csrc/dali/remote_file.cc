#include "remote_file.h"

#include <algorithm>
#include <cctype>
#include <exception>
#include <initializer_list>

#include "dali/util/file.h"

namespace fastmix {

namespace {

// As whole words: a port may be 40433.
bool has_any(const std::string& text, std::initializer_list<const char*> words) {
  const auto inside_word = [&](size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at]));
  };
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
      if ((at == 0 || !inside_word(at - 1)) && !inside_word(at + word.size())) return true;
    }
    return false;
  });
}

// What follows the object's name, which may be 404.jpg.
std::string reason_of(const std::string& message, const std::string& url) {
  const std::string name = url.substr(std::min(url.size(), url.find('/', url.find("://") + 3)));
  const size_t at = name.size() < 2 ? message.npos : message.rfind(name.substr(1));
  return at == message.npos ? message : message.substr(at + name.size() - 1);
}

// DALI says "S3 Object not found" of whatever fails, a store that is down included. So that is no answer of the store.
Status status_of(const std::string& message) {
  if (has_any(message, {"curlCode"})) return Status::kTransient;  // no connection
  if (has_any(message, {"NoSuchKey", "NoSuchBucket", "404"})) return Status::kMissing;
  if (has_any(message, {"AccessDenied", "Access Denied", "Forbidden", "403"})) return Status::kDenied;
  return Status::kTransient;
}

}  // namespace

bool is_url(const std::string& path) { return path.starts_with("s3://") || path.starts_with("gs://"); }

FileBytes read_remote(const std::string& url, int64_t max_bytes) noexcept {
  try {
    const auto stream = dali::FileStream::Open(url);
    const size_t size = stream->Size();
    if (size == 0) return {Status::kEmpty, nullptr, 0, ""};
    if (max_bytes > 0 && size > static_cast<size_t>(max_bytes)) {
      return {Status::kTooLarge, nullptr, 0, std::to_string(size) + " bytes"};
    }
    FileBytes file = {Status::kOk, std::make_shared_for_overwrite<uint8_t[]>(size), size, ""};
    for (size_t done = 0; done < size;) {
      const size_t bytes = stream->Read(file.data.get() + done, size - done);
      if (bytes == 0) return {Status::kTransient, nullptr, 0, "the store sent fewer bytes than it announced"};
      done += bytes;
    }
    return file;
  } catch (const std::exception& error) {
    return {status_of(reason_of(error.what(), url)), nullptr, 0, error.what()};
  } catch (...) {
    return {Status::kTransient, nullptr, 0, "unknown error"};
  }
}

}  // namespace fastmix
