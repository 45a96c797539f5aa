#include "mix/mix.h"

#include "base/error.h"

namespace fastmix {

void validate(const MixParams& params) {
  check(params.elements >= 0 && params.pixel_stride > 0 && params.width > 0 && params.height > 0,
        "mix: expected samples with pixels, got ", params.elements, " elements, height ", params.height, ", width ",
        params.width);
  check(params.out_stride >= params.elements || params.plan.batch <= 1,
        "mix: expected samples that do not overlap in memory, got ", params.elements, " elements at a stride of ",
        params.out_stride, "; make the batch contiguous first");
  check(params.depth > 0, "mix: expected a depth > 0, got ", params.depth);
  validate(params.plan, params.height, params.width, params.in_place);
}

}  // namespace fastmix
