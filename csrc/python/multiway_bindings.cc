#include "multiway_bindings.h"

#include <pybind11/stl.h>

#include "arrays.h"
#include "plan/dirichlet.h"

namespace py = pybind11;

namespace fastmix {

namespace {

py::array_t<int32_t> draw(const DirichletPolicy& policy, int32_t batch, const DrawKey& key) {
  return to_rows(draw_multiway(policy, batch, key).rows);
}

}  // namespace

void bind_multiway(py::module_& m) {
  m.attr("MAX_WAYS") = kMaxWays;
  m.attr("MULTIWAY_HEADER") = kMultiwayHeader;
  py::class_<DirichletPolicy>(m, "DirichletPolicy")
      .def(py::init([](std::vector<double> alpha, double prob, Per per) {
             DirichletPolicy policy{std::move(alpha), prob, per};
             validate(policy);
             return policy;
           }),
           py::arg("alpha"), py::arg("prob"), py::arg("per"))
      .def("draw", &draw, py::arg("batch"), py::arg("key"), "Draw the plan of one batch: rows int32 (B, 16).");
}

}  // namespace fastmix
