// The layout of sample plans for Python.
#pragma once

#include <pybind11/pybind11.h>

namespace fastmix {

void bind_sample_plan(pybind11::module_& module);

}  // namespace fastmix
