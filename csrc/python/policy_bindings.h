#pragma once

#include <pybind11/pybind11.h>

namespace fastmix {

// Policies, what they are made of, and draws.
void bind_policies(pybind11::module_& m);

}  // namespace fastmix
