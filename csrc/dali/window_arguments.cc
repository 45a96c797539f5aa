#include "window_arguments.h"

#include <string>

#include "base/error.h"
#include "dali/core/tensor_shape_print.h"
#include "dali/pipeline/data/types.h"
#include "errors.h"

namespace fastmix {

Size read_size(const dali::OpSpec& spec, const char* caller, const char* name) {
  const auto size = spec.GetRepeatedArgument<int>(name);
  check(size.size() == 1 || size.size() == 2, caller, ": expected ", name, " as one number or (height, width), got ",
        size.size(), " values");
  check(size.front() >= 1 && size.back() >= 1, caller, ": expected ", name, " of at least one pixel, got ",
        size.front(), " x ", size.back());
  return {size.front(), size.back()};
}

std::vector<Size> read_sizes(const dali::OpSpec& spec, const char* caller) {
  const auto numbers = spec.GetRepeatedArgument<int>("size");
  if (numbers.size() <= 2) return {read_size(spec, caller)};
  check(numbers.size() % 2 == 0, caller, ": expected size as (height, width) for each window, got ", numbers.size(),
        " numbers");
  std::vector<Size> sizes;
  for (size_t i = 0; i < numbers.size(); i += 2) {
    check(numbers[i] >= 1 && numbers[i + 1] >= 1, caller, ": expected size of at least one pixel, got ", numbers[i],
          " x ", numbers[i + 1]);
    sizes.push_back({numbers[i], numbers[i + 1]});
  }
  return sizes;
}

Filter read_filter(const dali::OpSpec& spec, const char* caller) {
  const auto name = spec.GetArgument<std::string>("filter");
  constexpr const char* kNames[kFilters] = {"nearest", "box", "bilinear", "bicubic", "lanczos"};
  for (int32_t i = 0; i < kFilters; ++i) {
    if (name == kNames[i]) return static_cast<Filter>(i);
  }
  throw Error(
      concat(caller, ": expected filter 'nearest', 'box', 'bilinear', 'bicubic' or 'lanczos', got '", name, "'"));
}

Sampling read_sampling(const dali::OpSpec& spec, const char* caller) {
  const auto edges = spec.GetArgument<std::string>("edges");
  check(edges == "crop" || edges == "image", caller, ": expected edges 'crop' or 'image', got '", edges, "'");
  return {read_filter(spec, caller), edges == "crop" ? Edges::kCrop : Edges::kImage};
}

WindowArguments read_window_arguments(const dali::OpSpec& spec, const char* caller) {
  return with_dali_errors([&]() -> WindowArguments {
    return {read_size(spec, caller), read_filter(spec, caller), spec.GetArgument<int64_t>("max_pixels")};
  });
}

void check_shapes(const dali::Workspace& workspace, const char* caller) {
  const auto type = workspace.GetInputDataType(0);
  check(type == DALI_INT64, caller, ": expected shape of type INT64, got ", dali::TypeName(type));
  const auto shapes = workspace.GetInputShape(0);
  for (int i = 0; i < shapes.num_samples(); ++i) {
    const dali::TensorShape<> shape = shapes[i];
    check(shape.size() == 1 && (shape[0] == 2 || shape[0] == 3), caller,
          ": expected shape as (height, width) or (height, width, channels), got an array of shape (",
          dali::to_string(shape), ") for sample ", i);
  }
}

Size read_shape(const dali::Workspace& workspace, int sample, const char* caller) {
  const int64_t* shape = workspace.Input<dali::CPUBackend>(0).tensor<int64_t>(sample);
  check(shape[0] >= 1 && shape[1] >= 1 && shape[0] <= kMaxSourceSide && shape[1] <= kMaxSourceSide, caller,
        ": expected an image with sides of 1 to ", kMaxSourceSide, " pixels, got ", shape[0], " x ", shape[1],
        " for sample ", sample);
  return {static_cast<int32_t>(shape[0]), static_cast<int32_t>(shape[1])};
}

bool fits(const dali::Workspace& workspace, int sample, int64_t max_pixels) {
  const int64_t* shape = workspace.Input<dali::CPUBackend>(0).tensor<int64_t>(sample);
  return max_pixels <= 0 || shape[0] <= 0 || shape[1] <= max_pixels / shape[0];
}

void check_windows(const dali::Workspace& workspace, int input, const char* caller, size_t views) {
  const auto type = workspace.GetInputDataType(input);
  check(type == DALI_FLOAT, caller, ": expected window of type FLOAT, got ", dali::TypeName(type));
  const auto shapes = workspace.GetInputShape(input);
  const bool one = views == 1;
  for (int i = 0; i < shapes.num_samples(); ++i) {
    const dali::TensorShape<> shape = shapes[i];
    const auto count = static_cast<int64_t>(views);
    check(one ? shape == dali::TensorShape<>{4} : shape == dali::TensorShape<>{count, 4}, caller, ": expected window ",
          one ? "(y, x, height, width)" : concat("of shape (", views, ", 4), one row for each size"),
          ", got an array of shape (", dali::to_string(shape), ") for sample ", i);
  }
}

Window read_window(const dali::Workspace& workspace, int input, int sample, int view) {
  const float* w = workspace.Input<dali::CPUBackend>(input).tensor<float>(sample) + 4 * view;
  return {w[0], w[1], w[2], w[3]};
}

}  // namespace fastmix
