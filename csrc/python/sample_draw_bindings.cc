#include "sample_draw_bindings.h"

#include "arrays.h"
#include "base/error.h"
#include "plan/sample_draws.h"

namespace py = pybind11;

namespace fastmix {

namespace {

py::array_t<double> sample_draws(SampleLaw law, double a, double b, py::ssize_t count, uint64_t seed,
                                 const Dense<int64_t>& keys, uint32_t variant) {
  const SampleVariates variates{law, a, b};
  validate(variates);
  check(keys.ndim() == 2, "sample_draws: expected keys of shape (N, 2), (N, 3) or (N, 4), got ", keys.ndim(),
        " dimensions");
  check(count >= 0, "sample_draws: expected count >= 0, got ", count);
  const auto samples = keys.shape(0);
  const auto parts = static_cast<size_t>(keys.shape(1));
  py::array_t<double> drawn({samples, count});
  double* to = drawn.mutable_data();
  const int64_t* rows = keys.data();
  {
    const py::gil_scoped_release release;
    for (py::ssize_t i = 0; i < samples; ++i) {
      const SampleKey key = sample_key("sample_draws", seed, {rows + i * parts, parts});
      draw_samples(variates, key, variant, {to + i * count, static_cast<size_t>(count)});
    }
  }
  return drawn;
}

}  // namespace

void bind_sample_draws(py::module_& m) {
  py::enum_<SampleLaw>(m, "SampleLaw")
      .value("uniform", SampleLaw::kUniform)
      .value("log_uniform", SampleLaw::kLogUniform)
      .value("normal", SampleLaw::kNormal)
      .value("dirichlet", SampleLaw::kDirichlet);
  m.def("sample_draws", &sample_draws, py::arg("law"), py::arg("a"), py::arg("b"), py::arg("count"), py::arg("seed"),
        py::arg("keys"), py::arg("variant"),
        "Draw float64 (N, count) for keys int64 (N, 4) as epoch, sample, occurrence, view; each variant is a "
        "separate random stream.");
}

}  // namespace fastmix
