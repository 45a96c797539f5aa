#include "status_bindings.h"

#include <pybind11/stl.h>

#include <string>
#include <tuple>
#include <vector>

#include "status.h"

namespace fastmix {

namespace {

const char* name_of(Scope scope) {
  switch (scope) {
    case Scope::kFile:
      return "file";
    case Scope::kWindow:
      return "window";
    default:
      return "moment";
  }
}

}  // namespace

void bind_statuses(pybind11::module_& module) {
  module.def("sample_statuses", [] {
    std::vector<std::tuple<std::string, std::string, std::string>> texts;
    for (const StatusText& text : kStatusTexts) texts.emplace_back(text.name, name_of(text.scope), text.meaning);
    return texts;
  });
}

}  // namespace fastmix
