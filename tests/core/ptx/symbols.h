// The names of this program's own functions.
#pragma once

#include <string>

namespace fastmix::ptx {

// The mangled name of the function at an address, from the program's symbol table. Stops the program without one.
std::string name_of(const void* function);

}  // namespace fastmix::ptx
