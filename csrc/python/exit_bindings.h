// How the process ends while threads of a library never come back.
#pragma once

#include <pybind11/pybind11.h>

namespace fastmix {

void bind_exit(pybind11::module_& module);

}  // namespace fastmix
