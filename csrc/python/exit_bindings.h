// Lets the process end cleanly while threads of a library, such as DALI's, are still running.
#pragma once

#include <pybind11/pybind11.h>

namespace fastmix {

void bind_exit(pybind11::module_& module);

}  // namespace fastmix
