// Makes a Kernel of the text of one. Stops the program where it meets what the interpreter does not know.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ptx/machine.h"

namespace fastmix::ptx {

// One kernel in a PTX file, not parsed yet.
struct KernelText {
  std::string name;  // as g++ mangles it
  std::string file;
  std::string_view parameters;  // between its parentheses
  std::string_view body;        // from its brace to the end of the file or beyond
  uint32_t body_line;
  std::vector<std::string> shared_names;  // arrays in shared memory whose size the launch gives
};

Kernel parse(const KernelText& text);

}  // namespace fastmix::ptx
