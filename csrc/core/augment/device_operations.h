// What CUDA blocks do with images: the host lowers a sample plan to it, so that a kernel needs no trigonometry.
#pragma once

#include <cstdint>
#include <vector>

#include "augment/augment.h"
#include "augment/warp.h"

namespace fastmix {

// The words of a DeviceOperation; floats by bit pattern.
enum class Action : int32_t {
  kTable,           // opcode, parameter
  kAutoContrast,    //
  kEqualize,        //
  kContrast,        // factor
  kColor,           // factor
  kHue,             // steps of 256
  kSharpness,       // factor
  kBlur,            // BoxWeights: radius, inner, edge
  kMove,            // see pixel_move
  kNearestWarp,     // matrix, fill
  kLinearWarp,      // matrix, fill, WarpExactness
  kCubicWarp,       // the same
  kErase,           // as EraseConstant
  kAugMixBegin,     // weight
  kAugMixChainEnd,  // weight
  kAugMixEnd,       // weights of the kept image and of the sum
};

struct alignas(16) DeviceOperation {
  Action action;
  int32_t word[3];

  FM_HD float value(int k) const { return bit_cast<float>(word[k]); }
};

// Moves whole pixels. Output (y, x) reads source row word 0 +- (transpose ? x : y) and column word 1 +- (transpose ? y
// : x). Word 2 is the fill colour of other places with these bits.
namespace pixel_move {
constexpr int32_t kReflect = 1 << 24, kTranspose = 1 << 25, kUpwards = 1 << 26, kLeftwards = 1 << 27;
}

// Whether the columns and rows of a warp are numbers that neither float64 nor the kernel's fixed point rounds.
namespace warp_exactness {
constexpr int32_t kColumns = 1, kRows = 2;
}

union DeviceMatrix {
  Matrix exact;
  FixedMatrix fixed;  // kNearestWarp
};

// One image. Its scratch begins at `scratch` units of 16 bytes.
struct alignas(16) DeviceSample {
  uint32_t image, first, count, scratch;
};

// Parts of an image's scratch, each a 32-bit word per pixel (kSums: three), in this order. An image has the parts up to
// the last one that it needs.
namespace scratch_part {
constexpr uint32_t kStaged = 0, kSpare = 1, kKept = 2, kSums = 3, kParts = 6;
}
FM_HD uint32_t words_of_part(uint32_t pixels) { return (pixels + 3u) / 4u * 4u; }

struct DeviceProgram {
  std::vector<DeviceSample> samples;  // those whose bytes change or move
  std::vector<DeviceOperation> operations;
  std::vector<DeviceMatrix> matrices;
  int64_t scratch_bytes = 0;
};

// Needs checked parameters.
DeviceProgram device_program(const AugmentParams& params);

}  // namespace fastmix
