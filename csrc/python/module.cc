// fastmix._core: plans, windows and epoch orders as NumPy arrays, and facts about the build. Host only, no torch.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <optional>

#include "arrays.h"
#include "base/error.h"
#include "exit_bindings.h"
#include "multiway_bindings.h"
#include "plan/mask.h"
#include "plan/plan.h"
#include "plan/plan_memory.h"
#include "plan/random_resized_crop.h"
#include "policy_bindings.h"
#include "random/random.h"
#include "sample_draw_bindings.h"
#include "sample_plan_bindings.h"
#include "simd/kernels.h"
#include "status_bindings.h"

namespace py = pybind11;
using namespace fastmix;

namespace {

// Returns a view of `rows`, int32 (B, 16). `rows` must outlive the view.
PlanView view_of(const Dense<int32_t>& rows) {
  check(rows.ndim() == 2 && rows.shape(1) == kRowWords, "plan: expected rows of 2 dimensions, (B, 16), got ",
        rows.ndim(), " dimensions, the last of size ", rows.ndim() > 0 ? rows.shape(rows.ndim() - 1) : 0);
  PlanView plan;
  plan.batch = static_cast<int32_t>(rows.shape(0));
  plan.rows = reinterpret_cast<const PlanRow*>(rows.data());
  return plan;
}

// `masks` is the shape (M, t, h, w) of the plan's masks. Checking and packing a plan need only the shape.
PlanView view_of(const Dense<int32_t>& rows, std::array<int64_t, 4> masks) {
  PlanView plan = view_of(rows);
  for (const int64_t size : masks) {
    check(size >= 0 && size <= INT32_MAX, "plan: expected mask sizes below 2^31, got ", size);
  }
  plan.mask.count = static_cast<int32_t>(masks[0]);
  plan.mask.extent = {static_cast<int32_t>(masks[1]), static_cast<int32_t>(masks[2]), static_cast<int32_t>(masks[3])};
  return plan;
}

void validate_rows(const Dense<int32_t>& rows, std::array<int64_t, 4> masks, int64_t height, int64_t width,
                   bool in_place) {
  validate(view_of(rows, masks), height, width, in_place);
}

py::array_t<float> label_weights(const py::array_t<uint8_t, py::array::c_style>& masks, std::array<int32_t, 3> image,
                                 float inside, float outside) {
  check(masks.ndim() == 4, "mask_label_weights: expected masks of 4 dimensions, (M, t, h, w), got ", masks.ndim(),
        " dimensions");
  const auto size = [&](int dim) { return static_cast<int32_t>(masks.shape(dim)); };
  const Extent extent{size(1), size(2), size(3)};
  py::array_t<float> weights(masks.shape(0));
  for (py::ssize_t m = 0; m < masks.shape(0); ++m) {
    *weights.mutable_data(m) =
        mask_label_weight(masks.data() + m * extent.pixels(), extent, {image[0], image[1], image[2]}, inside, outside);
  }
  return weights;
}

void pack_resident(const Dense<int32_t>& rows, std::array<int64_t, 4> masks,
                   const std::optional<Dense<uint8_t>>& mirror, int64_t height, int64_t width,
                   py::array_t<int32_t, py::array::c_style>& to) {
  const PlanView plan = view_of(rows, masks);
  const int64_t words = ResidentLayout(plan.batch).rows * kRowWords;
  check((!mirror || mirror->size() == plan.batch) && to.size() == words, "pack_resident_plan: expected ", plan.batch,
        " mirror flags (or None) and ", words, " words in `to`, got ", mirror ? mirror->size() : 0, " flags and ",
        to.size(), " words");
  pack_resident_plan(plan, mirror ? mirror->data() : nullptr, height, width,
                     reinterpret_cast<unsigned char*>(to.mutable_data()));
}

py::tuple crop_windows(const CropSpec& spec, const Dense<int32_t>& sizes, uint64_t seed, const Dense<int64_t>& keys) {
  validate(spec);
  check(keys.ndim() == 2, "random_resized_crop: expected keys of shape (N, 2), (N, 3) or (N, 4), got ", keys.ndim(),
        " dimensions");
  const py::ssize_t count = keys.shape(0);
  check(sizes.ndim() == 2 && sizes.shape(1) == 2 && sizes.shape(0) == count,
        "random_resized_crop: expected sizes of shape (", count, ", 2), one (height, width) per key, got ",
        sizes.size(), " numbers in ", sizes.ndim(), " dimensions");
  py::array_t<int32_t> windows({count, py::ssize_t{4}});
  py::array_t<bool> mirror(count);
  for (py::ssize_t i = 0; i < count; ++i) {
    const SampleKey key =
        sample_key("random_resized_crop", seed, {keys.data(i, 0), static_cast<size_t>(keys.shape(1))});
    const CropWindow window = random_resized_crop(spec, sizes.at(i, 0), sizes.at(i, 1), key);
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
  m.doc() = "Draw plans, windows and epoch orders on the host, without torch and DALI.";
  py::register_exception_translator([](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const Error& e) {
      py::set_error(PyExc_ValueError, e.what());
    }
  });

  bind_policies(m);
  bind_multiway(m);
  bind_sample_plan(m);
  bind_sample_draws(m);
  bind_statuses(m);
  bind_exit(m);
  py::class_<CropSpec>(m, "CropSpec")
      .def(py::init([](std::pair<double, double> scale, std::pair<double, double> ratio, double mirror_prob) {
             CropSpec spec{scale.first, scale.second, ratio.first, ratio.second, mirror_prob};
             validate(spec);
             return spec;
           }),
           py::arg("scale"), py::arg("ratio"), py::arg("mirror_prob"));

  m.attr("PAIR_HEADER") = kPairHeader;
  m.def("validate_plan", &validate_rows, py::arg("rows"), py::arg("masks"), py::arg("height"), py::arg("width"),
        py::arg("in_place"),
        "Raise ValueError for invalid plan rows, int32 (B, 16); masks is the shape (M, t, h, w) of the plan's masks.");
  m.def("mask_label_weights", &label_weights, py::arg("masks"), py::arg("image"), py::arg("inside"), py::arg("outside"),
        "Return float32 (M,): for each mask of uint8 (M, t, h, w), the mean own weight over an image (t, h, w).");
  m.def(
      "resident_plan_rows", [](int32_t batch) { return ResidentLayout(batch).rows; }, py::arg("batch"),
      "Return how many rows of 16 words pack_resident_plan fills: the plan, then the kernels' orders of its samples.");
  m.def(
      "pack_resident_plan", &pack_resident, py::arg("rows"), py::arg("masks"), py::arg("mirror").none(true),
      py::arg("height"), py::arg("width"), py::arg("to").noconvert(),
      "Write a plan into `to` in the form that kernels read from device memory; masks is the shape (M, t, h, w) of its "
      "masks.");
  m.def("random_resized_crop", &crop_windows, py::arg("spec"), py::arg("sizes"), py::arg("seed"), py::arg("keys"),
        "Draw one window per sample. Return int32 (N, 4) as y, x, height, width, and the mirror flags, bool (N,). "
        "sizes is int32 (N, 2) as height, width; keys is int64 (N, 4) as epoch, sample, occurrence, view.");
  m.def("epoch_order", &epoch_order, py::arg("count"), py::arg("seed"), py::arg("epoch"),
        "Return a uniform permutation of 0 ... count - 1, a pure function of (seed, epoch).");
  m.def("build_info", &build_info,
        "Return the CPU kernels in use, the CUDA version, its architectures and the compiler.");
}
