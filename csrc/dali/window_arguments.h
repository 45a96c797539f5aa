// What the operators that look at a part of an image have in common: its size, the output's size and the filter.
#pragma once

#include "dali/pipeline/operator/op_spec.h"
#include "dali/pipeline/workspace/workspace.h"
#include "resample_mix/window.h"

namespace fastmix {

// The argument "size": one number for squares, or (height, width).
Size read_size(const dali::OpSpec& spec);

Filter read_filter(const dali::OpSpec& spec);

// What the operators that decode a part of an image are told of the view that it is for.
struct WindowArguments {
  Size size;
  Filter filter;
  int64_t max_pixels;
};
// Throws as DALI's own operators do.
WindowArguments read_view_arguments(const dali::OpSpec& spec);

// Input 0 as fn.peek_image_shape gives it: int64 (height, width) or (height, width, channels) for every sample.
void check_shapes(const dali::Workspace& workspace, const char* caller);
Size read_shape(const dali::Workspace& workspace, int sample, const char* caller);

// Whether that image has no more pixels than this; 0 is no limit. Asked before read_shape(), which refuses lies.
bool fits(const dali::Workspace& workspace, int sample, int64_t max_pixels);

// This input as float (y, x, height, width) for every sample.
void check_windows(const dali::Workspace& workspace, int input, const char* caller);
Window read_window(const dali::Workspace& workspace, int input, int sample);

}  // namespace fastmix
