// Schemas and registration. fastmix/ops/registration.py adds fake kernels and autograd.
#include "registration.h"

STABLE_TORCH_LIBRARY(fastmix, m) {
  m.def("mix_(Tensor(a!) images, Tensor plan, Tensor? masks=None, Tensor? other=None) -> ()");
  // multiway: `plan` is a MultiwayPlan, which mixes up to four images per sample.
  // with_clean: the result holds the unmixed images, then the mixed ones.
  m.def(
      "mix(Tensor images, Tensor plan, Tensor? masks=None, Tensor? other=None, bool with_clean=False, "
      "bool multiway=False) -> Tensor");
  // inputs: how many samples the plan's partners could choose from. With `other`, this is the size of `other`. With
  // multiway, it is the size of the batch that mix() got as `images`. Otherwise pass -1.
  // of_other: true returns the gradient of `other`, false that of `images`.
  m.def(
      "mix_backward(Tensor grad, Tensor plan, Tensor? masks=None, SymInt inputs=-1, "
      "bool of_other=False, bool multiway=False) -> Tensor");
  m.def(
      "normalize_mix(Tensor images, Tensor plan, float[] mean, float[] std, ScalarType dtype, bool channels_last, "
      "Tensor? mirror=None, Tensor? masks=None) -> Tensor");
  m.def(
      "normalize_mix_into(Tensor(a!) out, Tensor images, Tensor plan, float[] mean, float[] std, bool channels_last, "
      "Tensor? mirror=None, Tensor? masks=None) -> ()");
  m.def("mix_labels(Tensor labels, Tensor plan, int num_classes, float smoothing=0.0, Tensor? other=None) -> Tensor");
}

namespace {

template <typename Library>
void implement(Library& m) {
  m.impl("mix_", TORCH_BOX(&fastmix::mix_in_place_op));
  m.impl("mix", TORCH_BOX(&fastmix::mix_op));
  m.impl("mix_backward", TORCH_BOX(&fastmix::mix_backward_op));
  m.impl("normalize_mix", TORCH_BOX(&fastmix::normalize_mix_op));
  m.impl("normalize_mix_into", TORCH_BOX(&fastmix::normalize_mix_into_op));
  m.impl("mix_labels", TORCH_BOX(&fastmix::mix_labels_op));
}

}  // namespace

// One function serves both dispatch keys and checks devices itself. torch takes the CUDA key if any tensor is on CUDA:
// also for images on the CPU with a plan that is wrongly on CUDA.
STABLE_TORCH_LIBRARY_IMPL(fastmix, CPU, m) { implement(m); }
STABLE_TORCH_LIBRARY_IMPL(fastmix, CUDA, m) { implement(m); }
