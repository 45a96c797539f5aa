#pragma once

#include <pybind11/pybind11.h>

namespace fastmix {

// Plans that mix more than two samples. After bind_policies, whose enums they use.
void bind_multiway(pybind11::module_& m);

}  // namespace fastmix
