#pragma once

#include <pybind11/pybind11.h>

namespace fastmix {

// Binds policies, the rules that they consist of, and the functions that draw plans from them.
void bind_policies(pybind11::module_& m);

}  // namespace fastmix
