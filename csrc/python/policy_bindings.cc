#include "policy_bindings.h"

#include <pybind11/stl.h>

#include <array>

#include "arrays.h"
#include "plan/policy.h"

namespace py = pybind11;

namespace fastmix {

namespace {

py::tuple to_arrays(const Plan& plan) {
  py::object masks = py::none();
  if (!plan.masks.empty()) {
    const Extent& size = plan.mask_extent;
    std::vector<py::ssize_t> shape{plan.mask_count(), size.height, size.width};
    if (size.depth > 1) shape.insert(shape.begin() + 1, size.depth);
    masks = py::array_t<uint8_t>(shape, plan.masks.data());
  }
  return py::make_tuple(to_rows(plan.rows), masks);
}

py::tuple draw(const Choice& choice, int32_t batch, std::array<int32_t, 3> image, const DrawKey& key,
               const Dense<int64_t>& groups, const Dense<int32_t>& partner) {
  const Samples samples{to_span(groups), to_span(partner)};
  const auto plan = [&] {
    // Drawing masks takes milliseconds. Releasing the GIL lets the training loop run meanwhile.
    const py::gil_scoped_release release;
    return draw_plan(choice, batch, Extent{image[0], image[1], image[2]}, key, samples);
  }();
  return to_arrays(plan);
}

py::array_t<int32_t> draw_weighted_partners(const Dense<double>& weights, const DrawKey& key) {
  const auto batch = static_cast<int32_t>(weights.ndim() > 0 ? weights.shape(0) : 0);
  return to_array(weighted_partners(to_span(weights), batch, key), {batch});
}

void bind_enums(py::module_& m) {
  py::enum_<Kind>(m, "Kind")
      .value("mixup", Kind::kMixup)
      .value("cutmix", Kind::kCutMix)
      .value("hmix", Kind::kHMix)
      .value("gridmix", Kind::kGridMix)
      .value("smoothmix", Kind::kSmoothMix)
      .value("gmix", Kind::kGMix)
      .value("fmix", Kind::kFMix);
  py::enum_<Per>(m, "Per").value("batch", Per::kBatch).value("pair", Per::kPair).value("sample", Per::kSample);
  py::enum_<Pairing>(m, "Pairing")
      .value("permutation", Pairing::kPermutation)
      .value("neighbor", Pairing::kNeighbor)
      .value("flip", Pairing::kFlip)
      .value("roll", Pairing::kRoll)
      .value("derangement", Pairing::kDerangement)
      .value("matching", Pairing::kMatching)
      .value("same_class", Pairing::kSameClass)
      .value("different_class", Pairing::kDifferentClass);
  py::enum_<Law>(m, "Law")
      .value("beta", Law::kBeta)
      .value("uniform", Law::kUniform)
      .value("fixed", Law::kFixed)
      .value("uniform_side", Law::kUniformSide);
  py::enum_<Fold>(m, "Fold").value("none", Fold::kNone).value("max", Fold::kMax).value("min", Fold::kMin);
  py::enum_<Placement>(m, "Placement")
      .value("clipped", Placement::kClipped)
      .value("coverage", Placement::kCoverage)
      .value("inside", Placement::kInside)
      .value("min_max", Placement::kMinMax)
      .value("fixed", Placement::kFixed)
      .value("rows", Placement::kRows)
      .value("columns", Placement::kColumns)
      .value("frames", Placement::kFrames)
      .value("cuboid", Placement::kCuboid);
}

void bind_parts(py::module_& m) {
  py::class_<WeightLaw>(m, "WeightLaw")
      .def(py::init([](Law law, double a, double b, Fold fold, std::pair<double, double> clamp) {
             WeightLaw made{law, a, b, fold, clamp.first, clamp.second};
             validate(made);
             return made;
           }),
           py::arg("law"), py::arg("a"), py::arg("b"), py::arg("fold"), py::arg("clamp"));
  py::class_<BoxRule>(m, "BoxRule")
      .def(py::init([](Placement placement, std::pair<double, double> sides, std::array<int32_t, 4> fixed) {
             BoxRule made{placement, sides.first, sides.second, {fixed[0], fixed[1], fixed[2], fixed[3]}};
             validate(made);
             return made;
           }),
           py::arg("placement"), py::arg("sides"), py::arg("fixed"));
  using Range = std::pair<double, double>;
  py::class_<MaskRule>(m, "MaskRule")
      .def(py::init([](std::pair<int32_t, int32_t> holes, Range hole_aspect, Range crop_area, Range crop_aspect,
                       Range sigma, double decay, double softness) {
             const auto interval = [](Range range) { return Interval{range.first, range.second}; };
             MaskRule made{holes.first,
                           holes.second,
                           interval(hole_aspect),
                           interval(crop_area),
                           interval(crop_aspect),
                           interval(sigma),
                           decay,
                           softness};
             validate(made);
             return made;
           }),
           py::arg("holes") = std::pair(20, 20), py::arg("hole_aspect") = Range(1.0, 1.0),
           py::arg("crop_area") = Range(1.0, 1.0), py::arg("crop_aspect") = Range(1.0, 1.0),
           py::arg("sigma") = Range(0.25, 0.5), py::arg("decay") = 3.0, py::arg("softness") = 0.0);
  py::class_<Policy>(m, "Policy")
      .def(py::init([](Kind kind, WeightLaw weight, double prob, Per per, BoxRule box, WeightLaw inside, double share,
                       MaskRule mask) { return Policy{kind, weight, prob, per, box, inside, share, mask}; }),
           py::arg("kind"), py::arg("weight"), py::arg("prob"), py::arg("per"), py::arg("box"), py::arg("inside"),
           py::arg("box_share"), py::arg("mask"));
}

}  // namespace

void bind_policies(py::module_& m) {
  bind_enums(m);
  bind_parts(m);
  py::class_<DrawKey>(m, "DrawKey")
      .def(py::init([](uint64_t seed, uint32_t epoch, uint64_t step, uint32_t rank, uint32_t offset) {
             return DrawKey{seed, epoch, step, rank, offset};
           }),
           py::arg("seed"), py::arg("epoch"), py::arg("step"), py::arg("rank"), py::arg("offset"));
  py::class_<Choice>(m, "Choice")
      .def(py::init([](std::vector<Policy> policies, std::vector<double> p, Per per, Pairing pairing) {
             Choice choice{std::move(policies), std::move(p), per, pairing};
             validate(choice);
             return choice;
           }),
           py::arg("policies"), py::arg("p"), py::arg("per"), py::arg("pairing"))
      .def("draw", &draw, py::arg("batch"), py::arg("image"), py::arg("key"), py::arg("groups"), py::arg("partner"),
           "Draw the plan of one batch: (rows int32 (B, 16), masks uint8 or None). image is (frames or 0, height, "
           "width); "
           "empty arrays mean no groups and no given partners.");
  m.def("weighted_partners", &draw_weighted_partners, py::arg("weights"), py::arg("key"),
        "Draw int32 (B,): one partner per sample; row i of weights (B, B) holds the odds of sample i's partners.");
}

}  // namespace fastmix
