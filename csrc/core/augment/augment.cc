#include "augment/augment.h"

#include <cstring>
#include <string_view>

#include "augment/augment_image.h"
#include "augment/augment_kernels.h"
#include "augment/warp.h"
#include "base/error.h"
#include "simd/kernels.h"

namespace fastmix {

namespace {

// A task is one image.
class AugmentJob final : public CpuJob {
 public:
  explicit AugmentJob(const AugmentParams& params) : params_(params), kernels_(augment_kernels()) {}

  int64_t tasks() const override { return params_.plan.batch; }

  void run(int64_t begin, int64_t end) const override {
    ImageAugmenter augmenter(params_.height, params_.width);
    Scratch planes;
    for (int64_t i = begin; i < end; ++i) augment(static_cast<int32_t>(i), augmenter, planes);
  }

 private:
  void augment(int32_t sample, ImageAugmenter& augmenter, Scratch& scratch) const {
    const SampleRow& row = params_.plan.row(sample);
    const SampleOperation* const operations = params_.plan.operations(sample);
    const uint8_t* const in = params_.in + sample * params_.in_stride;
    uint8_t* const out = params_.out + sample * params_.out_stride;
    const int64_t pixels = params_.height * params_.width, bytes = kColors * pixels;
    if (keeps_pixels(row, operations)) {
      if (in != out) std::memcpy(out, in, bytes);
    } else if (params_.interleaved) {
      uint8_t* const planes = bytes_of(scratch, bytes);
      kernels_.split(planes, pixels, in, pixels);
      kernels_.merge(out, augmenter.run(row, operations, planes), pixels, pixels);
    } else {
      if (in != out) std::memcpy(out, in, bytes);
      const uint8_t* const done = augmenter.run(row, operations, out);
      if (done != out) std::memcpy(out, done, bytes);
    }
  }

  const AugmentParams params_;
  const AugmentKernels& kernels_;
};

}  // namespace

const AugmentKernels& augment_kernels() {
#if defined(__x86_64__)
  const std::string_view name = cpu_kernels().name;
  if (name == "avx512vbmi") return avx512vbmi_augment_kernels();
  if (name == "avx512") return avx512_augment_kernels();
  if (name == "avx2") return avx2_augment_kernels();
#endif
  return baseline_augment_kernels();
}

std::unique_ptr<CpuJob> augment_cpu(const AugmentParams& params) { return std::make_unique<AugmentJob>(params); }

void validate(const char* op, const AugmentParams& params) {
  check(params.height <= kMostSide && params.width <= kMostSide, op, ": expected images of at most ", kMostSide,
        " pixels a side, got height ", params.height, " and width ", params.width, "; resize or crop the images first");
  validate(op, params.plan);
  validate_pixels_only(op, params.plan, params.height, params.width);
}

}  // namespace fastmix
