#include "channels.h"
#include "ops.h"

namespace fastmix {

namespace {

constexpr const char* kOp = "normalize_mix";

void check_pixels(const Tensor& images) {
  check_batch(kOp, "images", images);
  check(images.dim() == 4 && images.scalar_type() == ScalarType::Byte, kOp,
        ": expected images of dtype uint8 and shape (B, H, W, C), got ",
        torch::headeronly::toString(images.scalar_type()), " ", shape_of(images));
  const int64_t channels = images.size(3);
  check(channels >= 1 && channels <= kMaxChannels, kOp, ": expected 1 to ", kMaxChannels,
        " channels in the last dimension of images (B, H, W, C), got ", channels);
}

void check_dtype(ScalarType dtype) {
  check(dtype == ScalarType::Half || dtype == ScalarType::BFloat16 || dtype == ScalarType::Float, kOp,
        ": expected dtype float16, bfloat16 or float32, got ", torch::headeronly::toString(dtype));
}

// Into `out`, (B, C, H, W) without gaps.
void fill(Tensor& out, bool channels_last, const Tensor& images, const std::optional<Tensor>& mirror,
          const Tensor& partner, const Tensor& weight_in, const Tensor& weight_out, const Tensor& box,
          const std::vector<double>& mean, const std::vector<double>& std, const std::optional<Tensor>& mask,
          const std::optional<Tensor>& mask_index) {
  const auto batch = static_cast<int32_t>(images.size(0));
  const int64_t channels = images.size(3);
  const std::vector<float> mean32 = per_channel(kOp, "mean", mean, channels, false);
  const std::vector<float> std32 = per_channel(kOp, "std", std, channels, true);

  NormalizeMixParams params;
  params.out_dtype = dtype_of(kOp, out.scalar_type());
  params.out_layout = channels_last ? Layout::kNHWC : Layout::kNCHW;
  params.height = images.size(1);
  params.width = images.size(2);
  params.channels = static_cast<int32_t>(channels);
  set_normalization(params, mean32.data(), std32.data(), static_cast<int32_t>(channels));
  params.plan = plan_view(kOp, images, partner, weight_in, weight_out, box, mask, mask_index);
  if (mirror) params.mirror = reinterpret_cast<const uint8_t*>(plan_array<bool>(kOp, "mirror", *mirror, batch));
  validate(params.plan, params.height, params.width, false);
  check(!has_any_mask(params.plan) || params.plan.mask.extent.depth == 1, kOp,
        ": expected masks (M, h, w) for images, got ", params.plan.mask.extent.depth, " frames");
  if (out.numel() == 0) return;

  const SampleLayout given = sample_layout(images);
  const Tensor source = given.packed && !given.channels_last ? images : torch::stable::contiguous(images);
  const int64_t distance = sample_layout(source).batch_stride;
  std::vector<const uint8_t*> in(batch);
  for (int32_t i = 0; i < batch; ++i) in[i] = static_cast<const uint8_t*>(source.const_data_ptr()) + i * distance;
  params.in = in.data();
  params.out = out.mutable_data_ptr();
  if (images.is_cpu()) {
    run(*normalize_mix_cpu(params));
  } else {
    const CudaScope scope(images);
    normalize_mix_cuda(params, scope.stream());
  }
}

}  // namespace

Tensor normalize_mix_op(const Tensor& images, std::optional<Tensor> mirror, const Tensor& partner,
                        const Tensor& weight_in, const Tensor& weight_out, const Tensor& box, std::vector<double> mean,
                        std::vector<double> std, ScalarType dtype, bool channels_last, std::optional<Tensor> mask,
                        std::optional<Tensor> mask_index) {
  check_pixels(images);
  check_dtype(dtype);
  Tensor out = torch::stable::empty({images.size(0), images.size(3), images.size(1), images.size(2)}, dtype,
                                    std::nullopt, images.device(), std::nullopt,
                                    channels_last ? MemoryFormat::ChannelsLast : MemoryFormat::Contiguous);
  fill(out, channels_last, images, mirror, partner, weight_in, weight_out, box, mean, std, mask, mask_index);
  return out;
}

void normalize_mix_into_op(Tensor out, const Tensor& images, std::optional<Tensor> mirror, const Tensor& partner,
                           const Tensor& weight_in, const Tensor& weight_out, const Tensor& box,
                           std::vector<double> mean, std::vector<double> std, bool channels_last,
                           std::optional<Tensor> mask, std::optional<Tensor> mask_index) {
  check_pixels(images);
  check_dtype(out.scalar_type());
  check(out.dim() == 4 && out.size(0) == images.size(0) && out.size(1) == images.size(3) &&
            out.size(2) == images.size(1) && out.size(3) == images.size(2),
        kOp, ": expected out (B, C, H, W) for images (B, H, W, C) ", shape_of(images), ", got ", shape_of(out));
  check(out.device() == images.device(), kOp, ": expected out on the device of images");
  const int64_t channels = out.size(1), height = out.size(2), width = out.size(3);
  const int64_t expected[] = {channels * height * width, channels_last ? 1 : height * width,
                              channels_last ? width * channels : width, channels_last ? channels : 1};
  for (int64_t i = 0; i < 4; ++i) {
    check(out.size(i) <= 1 || out.numel() == 0 || out.stride(i) == expected[i], kOp,
          ": expected out without gaps, contiguous or channels_last as memory_format says");
  }
  fill(out, channels_last, images, mirror, partner, weight_in, weight_out, box, mean, std, mask, mask_index);
}

}  // namespace fastmix
