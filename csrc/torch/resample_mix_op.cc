// Schema, implementation and registration of resample_mix, which takes images of different sizes.
#include <utility>
#include <vector>

#include "pixels.h"
#include "registration.h"
#include "resample_mix/resample_mix.h"
#include "sample_plan_argument.h"
#include "sources.h"

namespace fastmix {

namespace {

constexpr const char* kOp = "resample_mix";

Tensor resample_mix_op(std::vector<Tensor> images, const Tensor& plan, const Tensor& windows, int64_t height,
                       int64_t width, std::vector<int64_t> filter, std::vector<int64_t> edges, std::vector<double> mean,
                       std::vector<double> std, ScalarType dtype, bool channels_last, std::optional<Tensor> mirror,
                       std::optional<Tensor> masks, std::optional<Tensor> sample_plan) {
  SourceList list = source_list(kOp, std::move(images), windows, filter, edges);
  check_output(kOp, dtype);
  const Normalization normalization = normalization_of(kOp, mean, std, list.channels);

  ResampleMixParams params;
  std::vector<Window> own_windows;
  if (sample_plan) {
    params.samples = sample_plan_view(kOp, *sample_plan, list.batch);
    own_windows.assign(list.arrays.windows, list.arrays.windows + list.batch);
    take_windows(params.samples, /*given=*/false, own_windows.data(), list.sampling.data());
    list.arrays.windows = own_windows.data();
  }
  params.sources = list.arrays;
  params.height = check_side(kOp, "height", height);
  params.width = check_side(kOp, "width", width);
  params.channels = static_cast<int32_t>(list.channels);
  params.out_dtype = dtype_of(kOp, dtype);
  params.out_layout = channels_last ? Layout::kNHWC : Layout::kNCHW;
  set_normalization(params, normalization.mean.data(), normalization.std.data(), params.channels);
  params.plan = plan_view(kOp, plan, list.batch, masks, list.first(), Resident::kRefused);
  if (mirror) params.mirror = reinterpret_cast<const uint8_t*>(plan_array<bool>(kOp, "mirror", *mirror, list.batch));
  validate(params);

  Tensor out = empty_batch(list.batch, list.channels, height, width, dtype, list.first(), channels_last);
  params.out = out.mutable_data_ptr();
  if (out.is_cpu()) {
    run(*resample_mix_cpu(params));
  } else {
    const CudaScope scope(out);
    if (params.augments()) {
      Tensor scratch;
      const auto allocate = [&](int64_t bytes) {
        scratch = cuda_scratch(out, bytes);
        return scratch.mutable_data_ptr();
      };
      launch_augmented_mix(params, allocate, scope.stream());
    } else {
      resample_mix_cuda(params, scope.stream());
    }
  }
  return out;
}

}  // namespace

}  // namespace fastmix

STABLE_TORCH_LIBRARY_FRAGMENT(fastmix, m) {
  m.def(
      "resample_mix(Tensor[] images, Tensor plan, Tensor windows, int height, int width, int[] filter, "
      "int[] edges, float[] mean, float[] std, ScalarType dtype, bool channels_last, Tensor? mirror=None, Tensor? "
      "masks=None, Tensor? sample_plan=None) -> Tensor");
}

STABLE_TORCH_LIBRARY_IMPL(fastmix, CPU, m) { m.impl("resample_mix", TORCH_BOX(&fastmix::resample_mix_op)); }
STABLE_TORCH_LIBRARY_IMPL(fastmix, CUDA, m) { m.impl("resample_mix", TORCH_BOX(&fastmix::resample_mix_op)); }
