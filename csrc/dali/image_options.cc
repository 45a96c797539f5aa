#include "image_options.h"

#include <algorithm>

#include "base/error.h"
#include "dali/pipeline/data/types.h"

namespace fastmix {

namespace {

DType output_dtype(const dali::OpSpec& spec) {
  if (spec.GetArgument<bool>("bfloat16")) {
    check(!spec.HasArgument("dtype"), "mix: expected either dtype or bfloat16=True, got both");
    return DType::kBF16;
  }
  const auto type = spec.GetArgument<dali::DALIDataType>("dtype");
  check(type == DALI_FLOAT || type == DALI_FLOAT16, "mix: expected dtype FLOAT or FLOAT16, got ", dali::TypeName(type),
        "; for bfloat16, which DALI has no type for, pass bfloat16=True");
  return type == DALI_FLOAT ? DType::kF32 : DType::kF16;
}

Layout parse_layout(const dali::OpSpec& spec) {
  const auto layout = spec.GetArgument<dali::TensorLayout>("output_layout");
  check(layout == "CHW" || layout == "HWC", "mix: expected output_layout 'CHW' or 'HWC', got '", layout.str(), "'");
  return layout == "CHW" ? Layout::kNCHW : Layout::kNHWC;
}

std::string given_among(const dali::OpSpec& spec, std::initializer_list<const char*> names) {
  std::string given;
  for (const char* name : names) {
    if (spec.ArgumentDefined(name)) given += (given.empty() ? "" : ", ") + std::string(name);
  }
  return given;
}

DType element_type(dali::DALIDataType type) {
  switch (type) {
    case DALI_UINT8:
      return DType::kU8;
    case DALI_FLOAT16:
      return DType::kF16;
    case DALI_FLOAT:
      return DType::kF32;
    case DALI_FLOAT64:
      return DType::kF64;
    default:
      throw Error(concat("mix: expected images of type UINT8, FLOAT16, FLOAT or FLOAT64, got ", dali::TypeName(type)));
  }
}

// mean or std for each channel: one value serves all of them.
std::vector<float> per_channel(const char* name, const std::vector<float>& values, int32_t channels) {
  const auto count = static_cast<int64_t>(values.size());
  check(count == 1 || count == channels, "mix: expected ", name, " of 1 or ", channels, " values for images of ",
        channels, " channels, got ", count);
  return count == 1 ? std::vector<float>(channels, values[0]) : values;
}

}  // namespace

ImageOptions::ImageOptions(const dali::OpSpec& spec)
    : mean_(spec.GetRepeatedArgument<float>("mean")),
      std_(spec.GetRepeatedArgument<float>("std")),
      dtype_(output_dtype(spec)),
      layout_(parse_layout(spec)),
      normalize_(true),
      normalize_given_(spec.TryGetArgument(normalize_, "normalize")),
      normalizing_arguments_(given_among(spec, {"mean", "std", "dtype", "bfloat16", "output_layout", "mirror"})) {}

bool ImageOptions::normalizes(dali::DALIDataType type) const {
  const bool normalize = normalize_given_ ? normalize_ : type == DALI_UINT8;
  check(!normalize || type == DALI_UINT8, "mix: expected UINT8 images to normalise, got ", dali::TypeName(type),
        "; with normalize=False they are mixed as they are");
  check(normalize || normalizing_arguments_.empty(), "mix: expected none of ", normalizing_arguments_,
        " where images are mixed without normalising (type ", dali::TypeName(type),
        ", normalize=False); they apply to UINT8 images that are normalised");
  return normalize;
}

NormalizeMixParams ImageOptions::normalize_params(const dali::TensorShape<>& shape,
                                                  const dali::TensorLayout& layout) const {
  const bool channels_last = layout.empty() || layout == "HWC";
  check(shape.size() == 3 && channels_last && shape[2] >= 1 && shape[2] <= kMaxChannels,
        "mix: expected images of shape (height, width, channels) with layout HWC and 1 to ", kMaxChannels,
        " channels to normalise, got shape (", dali::to_string(shape), ") and layout '", layout.str(), "'");
  NormalizeMixParams params;
  params.height = shape[0];
  params.width = shape[1];
  params.channels = static_cast<int32_t>(shape[2]);
  params.out_dtype = dtype_;
  params.out_layout = layout_;
  const std::vector<float> mean = per_channel("mean", mean_, params.channels);
  const std::vector<float> std = per_channel("std", std_, params.channels);
  set_normalization(params, mean.data(), std.data(), params.channels);
  return params;
}

MixParams ImageOptions::mix_params(const dali::TensorShape<>& shape, const dali::TensorLayout& layout,
                                   dali::DALIDataType type) const {
  MixParams params;
  params.dtype = element_type(type);
  params.elements = params.out_stride = dali::volume(shape);
  int last = shape.size() - 1;
  if (!layout.empty() && layout[layout.size() - 1] == 'C' && last > 0) params.pixel_stride = shape[last--];
  if (last >= 0) params.width = shape[last];
  if (last >= 1) params.height = shape[last - 1];
  if (last >= 2) params.depth = shape[last - 2];
  return params;
}

dali::DALIDataType ImageOptions::output_type() const {
  if (dtype_ == DType::kBF16) return DALI_INT16;
  return dtype_ == DType::kF16 ? DALI_FLOAT16 : DALI_FLOAT;
}

dali::TensorShape<> ImageOptions::output_shape(const NormalizeMixParams& params) const {
  if (layout_ == Layout::kNCHW) return {params.channels, params.height, params.width};
  return {params.height, params.width, params.channels};
}

}  // namespace fastmix
