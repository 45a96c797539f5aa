// normalize_mix and normalize_mix_into turn uint8 pixels into a normalised batch.
#include "pixels.h"
#include "registration.h"

namespace fastmix {

namespace {

constexpr const char* kOp = "normalize_mix";

// Writes the batch to `out`, (B, C, H, W) without gaps.
void fill(Tensor& out, bool channels_last, const Tensor& images, const Tensor& plan, const std::vector<double>& mean,
          const std::vector<double>& std, const std::optional<Tensor>& mirror, const std::optional<Tensor>& masks) {
  const Normalization normalization = normalization_of(kOp, mean, std, images.size(3));
  NormalizeMixParams params = normalize_params(kOp, images, normalization, out.scalar_type(), channels_last);
  params.plan = plan_view(kOp, plan, static_cast<int32_t>(images.size(0)), masks, images, Resident::kTaken);
  check(!mirror || params.plan.resident == nullptr, kOp,
        ": expected mirror=None with a ResidentPlan, which holds the mirror flags, got a value; pass the flags to "
        "ResidentPlan.update()");
  if (mirror)
    params.mirror = reinterpret_cast<const uint8_t*>(plan_array<bool>(kOp, "mirror", *mirror, params.plan.batch));
  validate(params);
  if (out.numel() == 0) return;

  const SampleLayout given = sample_layout(images);
  const Tensor source = given.packed && !given.channels_last ? images : torch::stable::contiguous(images);
  const std::vector<const uint8_t*> in = sample_pointers<uint8_t>(source);
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

Tensor normalize_mix_op(const Tensor& images, const Tensor& plan, std::vector<double> mean, std::vector<double> std,
                        ScalarType dtype, bool channels_last, std::optional<Tensor> mirror,
                        std::optional<Tensor> masks) {
  check_pixels(kOp, images);
  check_output(kOp, dtype);
  Tensor out =
      empty_batch(images.size(0), images.size(3), images.size(1), images.size(2), dtype, images, channels_last);
  fill(out, channels_last, images, plan, mean, std, mirror, masks);
  return out;
}

void normalize_mix_into_op(Tensor out, const Tensor& images, const Tensor& plan, std::vector<double> mean,
                           std::vector<double> std, bool channels_last, std::optional<Tensor> mirror,
                           std::optional<Tensor> masks) {
  check_pixels(kOp, images);
  check_output(kOp, out.scalar_type());
  check(out.dim() == 4 && out.size(0) == images.size(0) && out.size(1) == images.size(3) &&
            out.size(2) == images.size(1) && out.size(3) == images.size(2),
        kOp, ": expected out (B, C, H, W) for images (B, H, W, C) ", shape_of(images), ", got ", shape_of(out));
  check(device_of(out) == device_of(images), kOp, ": expected out on the images' device ", device_of(images), ", got ",
        device_of(out));
  check(is_dense(out, channels_last ? MemoryFormat::ChannelsLast : MemoryFormat::Contiguous), kOp, ": expected ",
        channels_last ? "channels_last" : "contiguous",
        " out without gaps, got gaps or another order; make out with torch.empty(..., memory_format=torch.",
        channels_last ? "channels_last" : "contiguous_format", ")");
  fill(out, channels_last, images, plan, mean, std, mirror, masks);
}

}  // namespace fastmix
