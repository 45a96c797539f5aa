#include "erase_cases.h"

#include <utility>

namespace fastmix::test {

namespace {

SampleOperation placed(const EraseBox& box, SampleOperation operation) {
  operation.word[0] = box.y | box.x << 16;
  operation.word[1] = box.height | box.width << 16;
  return operation;
}

int32_t flags_of(bool before_mixing, bool per_channel) {
  return (before_mixing ? kBeforeMixing : 0) | (per_channel ? kNoisePerChannel : 0);
}

}  // namespace

SampleOperation box_of(const EraseBox& box, bool before_mixing, float value) {
  return placed(box, operation_of(Opcode::kErasePixelsNormalized, 0.0f, 0, bit_cast<int32_t>(value),
                                  flags_of(before_mixing, false)));
}

SampleOperation noise_box_of(const EraseBox& box, bool before_mixing, bool per_channel, int32_t key) {
  return placed(box, operation_of(Opcode::kEraseNormal, 0.0f, 0, key, flags_of(before_mixing, per_channel)));
}

EraseCase::EraseCase(Random& random, DType dtype, Layout layout, int32_t height, int32_t width, SamplePlan boxes,
                     Plan given)
    : plan(std::move(given)), samples(std::move(boxes)) {
  const int64_t elements = int64_t{plan.batch()} * 3 * height * width;
  images = std::make_unique<Memory>(elements, 0);
  out = std::make_unique<Memory>(elements * size_of(dtype), 0);
  for (Memory* memory : {images.get(), out.get()}) {
    for (size_t k = 0; k < memory->size(); ++k) memory->data()[k] = static_cast<unsigned char>(random());
  }
  params.out = out->data();
  params.out_dtype = dtype;
  params.out_layout = layout;
  params.height = height;
  params.width = width;
  params.channels = 3;
  params.plan = plan.view();
  params.samples = samples.view();
  const float mean[] = {123.7f, 116.3f, 103.5f}, std[] = {58.4f, 57.1f, 57.4f};
  set_normalization(params, mean, std, 3);
}

}  // namespace fastmix::test
