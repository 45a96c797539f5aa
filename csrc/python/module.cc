// fastmix._core: plans, crop windows and orders as NumPy arrays, and facts about the build. Host only, no torch.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "arrays.h"
#include "cpu/kernels.h"
#include "crop.h"
#include "error.h"
#include "plan.h"
#include "policy_bindings.h"
#include "random.h"

namespace py = pybind11;
using namespace fastmix;

namespace {

void validate_arrays(const Dense<int32_t>& partner, const Dense<float>& weight_in, const Dense<float>& weight_out,
                     const Dense<int32_t>& box, int64_t height, int64_t width, bool in_place) {
  validate(
      PlanView{static_cast<int32_t>(partner.size()), partner.data(), weight_in.data(), weight_out.data(), box.data()},
      height, width, in_place);
}

py::tuple crop_windows(const CropSpec& spec, const Dense<int32_t>& sizes, const Dense<int64_t>& samples, uint64_t seed,
                       uint32_t epoch) {
  validate(spec);
  check(sizes.ndim() == 2 && sizes.shape(1) == 2 && sizes.shape(0) == samples.size(),
        "crop: expected one (height, width) per sample (", samples.size(), "), got ", sizes.size() / 2);
  const py::ssize_t count = samples.size();
  py::array_t<int32_t> windows({count, py::ssize_t{4}});
  py::array_t<bool> mirror(count);
  for (py::ssize_t i = 0; i < count; ++i) {
    const CropWindow window =
        random_resized_crop(spec, sizes.at(i, 0), sizes.at(i, 1), seed, epoch, static_cast<uint64_t>(samples.at(i)));
    int32_t* row = windows.mutable_data(i, 0);
    row[0] = window.y;
    row[1] = window.x;
    row[2] = window.height;
    row[3] = window.width;
    *mirror.mutable_data(i) = window.mirror;
  }
  return py::make_tuple(windows, mirror);
}

py::array_t<int64_t> epoch_order(uint32_t count, uint64_t seed, uint32_t epoch) {
  std::vector<int64_t> order;
  {
    py::gil_scoped_release release;
    order = RandomStream(seed, Purpose::kOrder, epoch, 0, 0, 0).permutation<int64_t>(count);
  }
  return to_array(order, {static_cast<py::ssize_t>(count)});
}

py::dict build_info() {
  py::dict info;
  info["cpu"] = cpu_kernels().name;
  info["cuda"] = FASTMIX_CUDA_VERSION;
  info["cuda_archs"] = FASTMIX_CUDA_ARCHS;
  info["compiler"] = __VERSION__;
  return info;
}

}  // namespace

PYBIND11_MODULE(_core, m) {
  m.doc() = "Plans, crop windows and orders, drawn on the host; no torch, no DALI.";
  py::register_exception_translator([](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const Error& e) {
      py::set_error(PyExc_ValueError, e.what());
    }
  });

  bind_policies(m);
  py::class_<CropSpec>(m, "CropSpec")
      .def(py::init([](std::pair<double, double> scale, std::pair<double, double> ratio, double mirror_prob) {
             CropSpec spec{scale.first, scale.second, ratio.first, ratio.second, mirror_prob};
             validate(spec);
             return spec;
           }),
           py::arg("scale"), py::arg("ratio"), py::arg("mirror_prob"));

  m.def("validate_plan", &validate_arrays, py::arg("partner"), py::arg("weight_in"), py::arg("weight_out"),
        py::arg("box"), py::arg("height"), py::arg("width"), py::arg("in_place"), "Raises ValueError for a bad plan.");
  m.def("random_resized_crop", &crop_windows, py::arg("spec"), py::arg("sizes"), py::arg("samples"), py::arg("seed"),
        py::arg("epoch"),
        "(windows int32 (N, 4) as y, x, height, width; mirror bool (N,)) of samples with these sizes.");
  m.def("epoch_order", &epoch_order, py::arg("count"), py::arg("seed"), py::arg("epoch"),
        "A uniform permutation of 0 .. count - 1, a pure function of (seed, epoch).");
  m.def("build_info", &build_info, "What this build has: CPU kernels in use, CUDA version and architectures.");
}
