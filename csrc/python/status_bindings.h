// Binds the table of sample statuses (decoded, missing, damaged, ...) for fastmix.dali.Status.
#pragma once

#include <pybind11/pybind11.h>

namespace fastmix {

void bind_statuses(pybind11::module_& module);

}  // namespace fastmix
