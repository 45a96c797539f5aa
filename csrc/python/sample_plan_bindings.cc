#include "sample_plan_bindings.h"

#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "augment/sample_plan.h"

namespace fastmix {

void bind_sample_plan(pybind11::module_& module) {
  module.attr("SAMPLE_HEADER") = kSampleHeader;
  std::vector<std::string> names;
  for (int32_t code = 0; code < kOpcodes; ++code) names.emplace_back(name_of(static_cast<Opcode>(code)));
  module.attr("SAMPLE_OPERATIONS") = names;
}

}  // namespace fastmix
