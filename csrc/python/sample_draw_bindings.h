#pragma once

#include <pybind11/pybind11.h>

namespace fastmix {

// Binds random draws that depend on the sample key alone. fastmix.augment makes sample plans from them.
void bind_sample_draws(pybind11::module_& m);

}  // namespace fastmix
