// Gives Python the layout of sample plans: the header of a row and the names of the operations.
#pragma once

#include <pybind11/pybind11.h>

namespace fastmix {

void bind_sample_plan(pybind11::module_& module);

}  // namespace fastmix
