// The arguments that turn images into the output: normalise, cast and lay out, or mix as they are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dali/core/tensor_layout.h"
#include "dali/core/tensor_shape.h"
#include "dali/pipeline/operator/op_spec.h"
#include "mix/mix.h"
#include "normalize_mix/normalize_mix.h"

namespace fastmix {

class ImageOptions {
 public:
  explicit ImageOptions(const dali::OpSpec& spec);

  // Whether images of this type are normalised; refuses options that do not fit.
  bool normalizes(dali::DALIDataType type) const;

  // Everything of the parameters but pointers, mirror and plan. `shape` is that of every sample.
  NormalizeMixParams normalize_params(const dali::TensorShape<>& shape, const dali::TensorLayout& layout) const;
  // Without a layout the last two axes are height and width; a layout that ends in C has them before C.
  MixParams mix_params(const dali::TensorShape<>& shape, const dali::TensorLayout& layout,
                       dali::DALIDataType type) const;

  dali::DALIDataType output_type() const;
  dali::TensorShape<> output_shape(const NormalizeMixParams& params) const;
  dali::TensorLayout output_layout() const { return layout_ == Layout::kNCHW ? "CHW" : "HWC"; }

 private:
  std::vector<float> mean_, std_;
  DType dtype_;
  Layout layout_;
  bool normalize_, normalize_given_;
  std::string normalizing_arguments_;  // those given explicitly, for the refusal
};

}  // namespace fastmix
