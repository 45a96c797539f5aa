// Schemas and registration. fastmix/ops/registration.py adds fake kernels and autograd.
#include "registration.h"

STABLE_TORCH_LIBRARY(fastmix, m) {
  m.def("mix_(Tensor(a!) images, Tensor plan, Tensor? masks=None, Tensor? other=None) -> ()");
  // multiway: the rows mix more than two images. with_clean: returns the clean images, then the mixed ones.
  m.def(
      "mix(Tensor images, Tensor plan, Tensor? masks=None, Tensor? other=None, bool with_clean=False, "
      "bool multiway=False) -> Tensor");
  // inputs: the number of samples that partners index. They are samples of `other` or, if the plan mixes more than two
  // images, of the mixed batch. -1: partners index the batch itself. of_other: returns the gradient of `other`.
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
