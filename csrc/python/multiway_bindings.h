#pragma once

#include <pybind11/pybind11.h>

namespace fastmix {

// Binds plans that mix up to kMaxWays samples. Call bind_policies first: it binds the enums that this uses.
void bind_multiway(pybind11::module_& m);

}  // namespace fastmix
