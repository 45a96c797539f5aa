// The core's exceptions. The torch, DALI and Python layers translate them into their own.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace fastmix {

// Bad input. The message gives the expected value, the actual value and what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A CUDA call failed, or this build has no CUDA. The core neither retries the call nor ends the process.
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
