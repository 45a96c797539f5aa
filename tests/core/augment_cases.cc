#include "augment_cases.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace fastmix::test {

Pixels random_image(const ImageSize& size, Random& random) {
  Pixels image(3 * size.height * size.width);
  const bool few = random() % 2 == 0;
  for (uint8_t& level : image) level = static_cast<uint8_t>(few ? 50 * (random() % 5) : random() % 256);
  return image;
}

SampleOperation operation_of(Opcode opcode, float a, int32_t b, int32_t c, int32_t flags) {
  return {static_cast<int32_t>(opcode) | flags << 8, {bit_cast<int32_t>(a), b, c}};
}

SampleOperation random_operation(Opcode opcode, const ImageSize& size, Random& random) {
  const auto uniform = [&](float low, float high) {
    return low + (high - low) * static_cast<float>(random() % 4096) / 4096.0f;
  };
  const int32_t color = static_cast<int32_t>(random() % (1 << 24)), filter = static_cast<int32_t>(random() % 3);
  const auto coordinate = [&](int64_t most) { return static_cast<int32_t>(random() % (most + 2)); };
  switch (opcode) {
    case Opcode::kPosterize:
      return operation_of(opcode, static_cast<float>(random() % 9));
    case Opcode::kSolarize:
      return operation_of(opcode, uniform(0, 256));
    case Opcode::kSolarizeAdd:
      return operation_of(opcode, static_cast<float>(random() % 128));
    case Opcode::kBrightness:
    case Opcode::kContrast:
    case Opcode::kColor:
    case Opcode::kSharpness:
      return operation_of(opcode, uniform(0, 2));
    case Opcode::kHue:
      return operation_of(opcode, uniform(-0.5f, 0.5f));
    case Opcode::kGaussianBlur:
      return operation_of(opcode, uniform(0, 4));
    case Opcode::kShearX:
    case Opcode::kShearY:
      return operation_of(opcode, uniform(-1, 1), color, 0, filter);
    case Opcode::kTranslateX:
    case Opcode::kTranslateY:
      return operation_of(opcode, uniform(-40, 40), color, 0, filter);
    case Opcode::kRotate:
      return operation_of(opcode, random() % 3 == 0 ? 90.0f * (random() % 4) : uniform(-360, 360), color, 0, filter);
    case Opcode::kEraseConstant: {
      SampleOperation erase = operation_of(opcode, 0.0f, coordinate(size.height) | coordinate(size.width) << 16, color);
      erase.word[0] = coordinate(size.height) | coordinate(size.width) << 16;
      return erase;
    }
    case Opcode::kPadCrop: {
      SampleOperation crop = operation_of(opcode, 0.0f, 0, color);
      crop.word[0] = coordinate(2 * size.height) - static_cast<int32_t>(size.height);
      crop.word[1] = coordinate(2 * size.width) - static_cast<int32_t>(size.width);
      const bool inside = std::abs(crop.word[0]) < size.height && std::abs(crop.word[1]) < size.width;
      if (inside && random() % 2 == 0) crop.word[2] |= 1 << 24;
      return crop;
    }
    case Opcode::kEraseNormal:
    case Opcode::kErasePixelsNormalized:
    case Opcode::kAugMixBegin:
    case Opcode::kAugMixChainEnd:
    case Opcode::kAugMixEnd:
      return operation_of(Opcode::kEqualize, 0.0f);
    default:
      return operation_of(opcode, 0.0f);
  }
}

SampleOperation random_operation(const ImageSize& size, Random& random) {
  return random_operation(static_cast<Opcode>(random() % kOpcodes), size, random);
}

std::vector<SampleOperation> random_augmix(const ImageSize& size, Random& random) {
  const auto weight = [&] { return static_cast<float>(random() % 1000) / 1000.0f; };
  std::vector<SampleOperation> chain = {random_operation(size, random),
                                        operation_of(Opcode::kAugMixBegin, random() % 2 == 0 ? 0.0f : weight())};
  for (uint32_t k = random() % 3; k > 0; --k) {
    chain.push_back(random_operation(size, random));
    chain.push_back(operation_of(Opcode::kAugMixChainEnd, weight()));
  }
  chain.push_back(operation_of(Opcode::kAugMixEnd, weight(), bit_cast<int32_t>(weight())));
  if (random() % 2 == 0) chain.push_back(random_operation(size, random));
  return chain;
}

void SamplePlan::add(int32_t flags, const std::vector<SampleOperation>& operations) {
  check(static_cast<int32_t>(operations.size()) <= capacity, "test: too many operations");
  SampleRow row;
  row.flags = flags;
  row.count = static_cast<int32_t>(operations.size());
  const size_t at = words.size();
  words.resize(at + kSampleRowWords + kOperationWords * capacity);
  std::memcpy(words.data() + at, &row, sizeof(row));
  std::copy_n(reinterpret_cast<const int32_t*>(operations.data()), kOperationWords * operations.size(),
              words.data() + at + kSampleRowWords);
  ++batch;
}

SamplePlanView SamplePlan::view() const { return {words.data(), batch, kSampleRowWords + kOperationWords * capacity}; }

AugmentCase::AugmentCase(Random& random, const ImageSize& size, bool interleaved, bool in_place, SamplePlan given,
                         size_t misalignment, size_t gap)
    : plan(std::move(given)) {
  const int64_t bytes = 3 * size.height * size.width, stride = bytes + static_cast<int64_t>(gap);
  const size_t all = plan.batch == 0 ? 0 : (plan.batch - 1) * stride + bytes;
  out = std::make_unique<Memory>(all, misalignment);
  in = in_place ? nullptr : std::make_unique<Memory>(all, misalignment);
  unsigned char* const images = in_place ? out->data() : in->data();
  std::memset(images, 0x5a, all);
  for (int32_t i = 0; i < plan.batch; ++i) {
    const Pixels image = random_image(size, random);
    std::memcpy(images + i * stride, image.data(), bytes);
  }
  if (!in_place) std::memset(out->data(), 0x5a, all);
  params.in = images;
  params.out = out->data();
  params.in_stride = params.out_stride = stride;
  params.height = size.height;
  params.width = size.width;
  params.interleaved = interleaved;
  params.plan = plan.view();
  validate("test", params);
  program = device_program(params);
  scratch = std::make_unique<Memory>(program.scratch_bytes, 0);
}

void AugmentCase::launch() { augment_cuda(params, program, scratch->data(), nullptr); }

Pixels AugmentCase::expected() const {
  Pixels made(out->data(), out->data() + out->size());
  AugmentParams same = params;
  same.out = made.data();
  if (in == nullptr) same.in = made.data();
  run_job(*augment_cpu(same));
  return made;
}

std::string AugmentCase::describe() const {
  std::string operations;
  for (int32_t k = 0; plan.batch > 0 && k < plan.view().row(0).count; ++k) {
    operations += concat(" ", name_of(plan.view().operations(0)[k].opcode()));
  }
  return concat(params.height, " x ", params.width, params.interleaved ? ", NHWC" : ", NCHW",
                in == nullptr ? ", in place" : "", ", ", plan.batch, " samples, first:", operations);
}

}  // namespace fastmix::test
