#include "mix/mix.h"

#include "base/error.h"

namespace fastmix {

void validate(const MixParams& params) {
  check(params.elements >= 0 && params.pixel_stride > 0 && params.width > 0 && params.height > 0,
        "mix: expected elements >= 0, and height, width and interleaved channels > 0, got elements ", params.elements,
        ", height ", params.height, ", width ", params.width, " and interleaved channels ", params.pixel_stride);
  check(params.out_stride >= params.elements || params.plan.batch <= 1,
        "mix: expected a stride between samples of at least ", params.elements, " elements (one sample), got ",
        params.out_stride, "; make the batch contiguous first");
  check(params.depth > 0, "mix: expected depth > 0 (frames per sample), got ", params.depth);
  validate(params.plan, params.height, params.width, params.in_place);
}

}  // namespace fastmix
