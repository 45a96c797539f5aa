#pragma once

#include <pybind11/pybind11.h>

namespace fastmix {

// Binds numbers drawn by sample key, from which fastmix.augment makes sample plans.
void bind_sample_draws(pybind11::module_& m);

}  // namespace fastmix
