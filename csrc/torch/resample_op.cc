// Schema, implementation and registration of resample, which turns images of different sizes into a uint8 batch.
#include <utility>
#include <vector>

#include "registration.h"
#include "resample/resample.h"
#include "sources.h"

namespace fastmix {

namespace {

constexpr const char* kOp = "resample";

Tensor resample_op(std::vector<Tensor> images, const Tensor& windows, int64_t height, int64_t width,
                   std::vector<int64_t> filter, std::vector<int64_t> edges, std::optional<Tensor> mirror) {
  const SourceList list = source_list(kOp, std::move(images), windows, filter, edges);
  ResampleParams params;
  params.sources = list.arrays;
  params.batch = list.batch;
  params.height = check_side(kOp, "height", height);
  params.width = check_side(kOp, "width", width);
  params.channels = static_cast<int32_t>(list.channels);
  if (mirror) params.mirror = reinterpret_cast<const uint8_t*>(plan_array<bool>(kOp, "mirror", *mirror, list.batch));
  validate(params);
  Tensor out = torch::stable::new_empty(list.first(), {list.batch, height, width, list.channels});
  params.out = static_cast<uint8_t*>(out.mutable_data_ptr());
  if (out.is_cpu()) {
    run(*resample_cpu(params));
  } else {
    const CudaScope scope(out);
    resample_cuda(params, scope.stream());
  }
  return out;
}

}  // namespace

}  // namespace fastmix

STABLE_TORCH_LIBRARY_FRAGMENT(fastmix, m) {
  m.def(
      "resample(Tensor[] images, Tensor windows, int height, int width, int[] filter, int[] edges, "
      "Tensor? mirror=None) -> Tensor");
}

STABLE_TORCH_LIBRARY_IMPL(fastmix, CPU, m) { m.impl("resample", TORCH_BOX(&fastmix::resample_op)); }
STABLE_TORCH_LIBRARY_IMPL(fastmix, CUDA, m) { m.impl("resample", TORCH_BOX(&fastmix::resample_op)); }
