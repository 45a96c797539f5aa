// One exception type for every refusal of the core; the edges (torch, DALI, Python) turn it into theirs.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace fastmix {

// Bad input. The message says what was expected, what was got and what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A CUDA call failed, or CUDA is not in this build. Nothing is retried and the process goes on.
class CudaError : public Error {
 public:
  using Error::Error;
};

template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

template <typename... Parts>
void check(bool holds, const Parts&... message) {
  if (!holds) throw Error(concat(message...));
}

}  // namespace fastmix
