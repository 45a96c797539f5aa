// Random images, operations and sample plans, and batches of them for both devices.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "augment/augment.h"
#include "augment/device_operations.h"
#include "augment/sample_plan.h"
#include "cases.h"

namespace fastmix::test {

struct ImageSize {
  int64_t height, width;
};

using Pixels = std::vector<uint8_t>;

// Noise, or a few levels in blocks, so that statistics meet empty bins.
Pixels random_image(const ImageSize& size, Random& random);

SampleOperation operation_of(Opcode opcode, float a, int32_t b = 0, int32_t c = 0, int32_t flags = 0);

// An operation with random parameters. Those that do not stand alone become Equalize.
SampleOperation random_operation(Opcode opcode, const ImageSize& size, Random& random);
SampleOperation random_operation(const ImageSize& size, Random& random);

// Operations with AugMix around some of them.
std::vector<SampleOperation> random_augmix(const ImageSize& size, Random& random);

// The rows of a plan.
struct SamplePlan {
  void add(int32_t flags, const std::vector<SampleOperation>& operations);
  SamplePlanView view() const;
  int32_t capacity = 8;
  int32_t batch = 0;
  std::vector<int32_t> words;
};

// A batch with its parameters. In place, `out` holds the inputs.
struct AugmentCase {
  AugmentCase(Random& random, const ImageSize& size, bool interleaved, bool in_place, SamplePlan given,
              size_t misalignment = 0, size_t gap = 0);
  // Launches the kernel.
  void launch();
  // What the CPU job makes of the inputs.
  Pixels expected() const;
  std::string describe() const;

  SamplePlan plan;
  std::unique_ptr<Memory> in, out, scratch;
  AugmentParams params;
  DeviceProgram program;
};

}  // namespace fastmix::test
