// Arguments and inputs that the operators on windows share: the image's size, the output's size and the filter.
#pragma once

#include <vector>

#include "dali/pipeline/operator/op_spec.h"
#include "dali/pipeline/workspace/workspace.h"
#include "resample/window.h"

namespace fastmix {

// An argument that is a size: one number for squares, or (height, width).
Size read_size(const dali::OpSpec& spec, const char* caller, const char* name = "size");
// The argument "size" for one window, or of several (height, width) in a row, one for each.
std::vector<Size> read_sizes(const dali::OpSpec& spec, const char* caller);

Filter read_filter(const dali::OpSpec& spec, const char* caller);
// The arguments "filter" and "edges".
Sampling read_sampling(const dali::OpSpec& spec, const char* caller);

// Arguments of the operators that decode a region.
struct WindowArguments {
  Size size;
  Filter filter;
  int64_t max_pixels;
};
// Throws DALI's exceptions.
WindowArguments read_window_arguments(const dali::OpSpec& spec, const char* caller);

// Checks that input 0 has the form of fn.peek_image_shape: int64 (height, width) or (height, width, channels) per
// sample.
void check_shapes(const dali::Workspace& workspace, const char* caller);
Size read_shape(const dali::Workspace& workspace, int sample, const char* caller);

// Whether that image has at most max_pixels pixels; 0 is no limit. Call it before read_shape(), which throws on sizes
// that no image has.
bool fits(const dali::Workspace& workspace, int sample, int64_t max_pixels);

// Checks that this input is float (y, x, height, width) per sample, or (views, 4) if there are several views.
void check_windows(const dali::Workspace& workspace, int input, const char* caller, size_t views = 1);
Window read_window(const dali::Workspace& workspace, int input, int sample, int view = 0);

}  // namespace fastmix
