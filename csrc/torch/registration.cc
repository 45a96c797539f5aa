// Schemas and registration. fastmix/ops/registration.py adds fake kernels and autograd.
#include "registration.h"

STABLE_TORCH_LIBRARY(fastmix, m) {
  m.def(
      "mix_(Tensor(a!) images, Tensor partner, Tensor weight_in, Tensor weight_out, Tensor box, "
      "Tensor? mask=None, Tensor? mask_index=None, Tensor? other=None) -> ()");
  m.def(
      "mix(Tensor images, Tensor partner, Tensor weight_in, Tensor weight_out, Tensor box, "
      "Tensor? mask=None, Tensor? mask_index=None, Tensor? other=None) -> Tensor");
  m.def(
      "regmixup(Tensor images, Tensor partner, Tensor weight_in, Tensor weight_out, Tensor box, "
      "Tensor? mask=None, Tensor? mask_index=None) -> Tensor");
  // others: the size of the other batch, if partners are its rows. of_other asks for that batch's gradient.
  m.def(
      "mix_backward(Tensor grad, Tensor partner, Tensor weight_in, Tensor weight_out, Tensor box, "
      "Tensor? mask=None, Tensor? mask_index=None, SymInt others=-1, bool of_other=False) -> Tensor");
  m.def("combine(Tensor images, Tensor partner, Tensor weight) -> Tensor");
  m.def("combine_backward(Tensor grad, Tensor partner, Tensor weight, SymInt samples) -> Tensor");
  m.def(
      "normalize_mix(Tensor images, Tensor? mirror, Tensor partner, Tensor weight_in, Tensor weight_out, Tensor box, "
      "float[] mean, float[] std, ScalarType dtype, bool channels_last, Tensor? mask=None, "
      "Tensor? mask_index=None) -> Tensor");
  m.def(
      "normalize_mix_into(Tensor(a!) out, Tensor images, Tensor? mirror, Tensor partner, Tensor weight_in, "
      "Tensor weight_out, Tensor box, float[] mean, float[] std, bool channels_last, Tensor? mask=None, "
      "Tensor? mask_index=None) -> ()");
  m.def("mix_labels(Tensor labels, Tensor partner, Tensor label_weight, int num_classes, float smoothing) -> Tensor");
}

namespace {

template <typename Library>
void implement(Library& m) {
  m.impl("mix_", TORCH_BOX(&fastmix::mix_in_place_op));
  m.impl("mix", TORCH_BOX(&fastmix::mix_op));
  m.impl("regmixup", TORCH_BOX(&fastmix::regmixup_op));
  m.impl("combine", TORCH_BOX(&fastmix::combine_op));
  m.impl("combine_backward", TORCH_BOX(&fastmix::combine_backward_op));
  m.impl("mix_backward", TORCH_BOX(&fastmix::mix_backward_op));
  m.impl("normalize_mix", TORCH_BOX(&fastmix::normalize_mix_op));
  m.impl("normalize_mix_into", TORCH_BOX(&fastmix::normalize_mix_into_op));
  m.impl("mix_labels", TORCH_BOX(&fastmix::mix_labels_op));
}

}  // namespace

// One function serves both dispatch keys and checks the tensors' devices itself. Images on CUDA come with a plan on the
// CPU. A plan wrongly on CUDA would reach the CUDA key with images on the CPU.
STABLE_TORCH_LIBRARY_IMPL(fastmix, CPU, m) { implement(m); }
STABLE_TORCH_LIBRARY_IMPL(fastmix, CUDA, m) { implement(m); }
