#pragma once

#include <pybind11/pybind11.h>

namespace fastmix {

// Binds policies, their parts and their draws.
void bind_policies(pybind11::module_& m);

}  // namespace fastmix
