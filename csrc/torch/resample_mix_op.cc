// resample_mix, for images of different sizes: schema, implementation and registration.
#include <vector>

#include "pixels.h"
#include "registration.h"
#include "resample_mix/resample_mix.h"

namespace fastmix {

namespace {

constexpr const char* kOp = "resample_mix";

Filter filter_of(int64_t filter) {
  check(filter >= 0 && filter <= 2, kOp, ": expected filter 0 (nearest), 1 (triangle) or 2 (cubic), got ", filter);
  return static_cast<Filter>(filter);
}

int32_t check_side(const char* name, int64_t side) {
  check(side >= 1 && side <= kMaxSourceSide, kOp, ": expected ", name, " of 1 to ", kMaxSourceSide, " pixels, got ",
        side);
  return static_cast<int32_t>(side);
}

void check_image(const Tensor& image, const Tensor& first, size_t index) {
  check(image.scalar_type() == ScalarType::Byte && image.dim() == 3, kOp,
        ": expected images of dtype uint8 and shape (H, W, C), got ", torch::headeronly::toString(image.scalar_type()),
        " ", shape_of(image), " at index ", index);
  check((image.is_cpu() || image.is_cuda()) && device_of(image) == device_of(first), kOp,
        ": expected all images on one device, the CPU or a CUDA one, got ", device_of(first), " at index 0 and ",
        device_of(image), " at index ", index);
  check(image.size(2) == first.size(2), kOp, ": expected images with the same number of channels, got ", first.size(2),
        " at index 0 and ", image.size(2), " at index ", index);
}

Tensor resample_mix_op(std::vector<Tensor> images, const Tensor& plan, const Tensor& windows, int64_t height,
                       int64_t width, int64_t filter, std::vector<double> mean, std::vector<double> std,
                       ScalarType dtype, bool channels_last, std::optional<Tensor> mirror,
                       std::optional<Tensor> masks) {
  check(!images.empty(), kOp, ": expected at least one image, got an empty list");
  check(images.size() <= INT32_MAX, kOp, ": expected at most 2^31 - 1 images, got ", images.size());
  const int32_t batch = static_cast<int32_t>(images.size());
  for (size_t i = 0; i < images.size(); ++i) check_image(images[i], images[0], i);
  const int64_t channels = images[0].size(2);
  check_channels(kOp, channels);
  check_output(kOp, dtype);
  const Normalization normalization = normalization_of(kOp, mean, std, channels);

  ResampleMixParams params;
  params.height = check_side("height", height);
  params.width = check_side("width", width);
  params.channels = static_cast<int32_t>(channels);
  params.filter = filter_of(filter);
  params.out_dtype = dtype_of(kOp, dtype);
  params.out_layout = channels_last ? Layout::kNHWC : Layout::kNCHW;
  set_normalization(params, normalization.mean.data(), normalization.std.data(), params.channels);
  params.plan = plan_view(kOp, plan, batch, masks, images[0], Resident::kRefused);
  if (mirror) params.mirror = reinterpret_cast<const uint8_t*>(plan_array<bool>(kOp, "mirror", *mirror, batch));
  static_assert(sizeof(Window) == 4 * sizeof(float));
  params.windows = reinterpret_cast<const Window*>(plan_array<float>(kOp, "windows", windows, batch, 4));

  std::vector<SourceImage> sources(batch);
  for (int32_t i = 0; i < batch; ++i) {
    if (!images[i].is_contiguous()) images[i] = torch::stable::contiguous(images[i]);
    sources[i] = {static_cast<const uint8_t*>(images[i].const_data_ptr()),
                  check_side("image height", images[i].size(0)), check_side("image width", images[i].size(1))};
  }
  params.images = sources.data();
  validate(params);

  Tensor out = empty_batch(batch, channels, height, width, dtype, images[0], channels_last);
  params.out = out.mutable_data_ptr();
  if (out.is_cpu()) {
    run(*resample_mix_cpu(params));
  } else {
    const CudaScope scope(out);
    resample_mix_cuda(params, scope.stream());
  }
  return out;
}

}  // namespace

}  // namespace fastmix

STABLE_TORCH_LIBRARY_FRAGMENT(fastmix, m) {
  m.def(
      "resample_mix(Tensor[] images, Tensor plan, Tensor windows, int height, int width, int filter, float[] mean, "
      "float[] std, ScalarType dtype, bool channels_last, Tensor? mirror=None, Tensor? masks=None) -> Tensor");
}

STABLE_TORCH_LIBRARY_IMPL(fastmix, CPU, m) { m.impl("resample_mix", TORCH_BOX(&fastmix::resample_mix_op)); }
STABLE_TORCH_LIBRARY_IMPL(fastmix, CUDA, m) { m.impl("resample_mix", TORCH_BOX(&fastmix::resample_mix_op)); }
