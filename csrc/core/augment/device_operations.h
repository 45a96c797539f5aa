// The program that augment_kernel runs. The host compiles a sample plan into it, so that the kernel needs no
// trigonometry.
#pragma once

#include <cstdint>
#include <vector>

#include "augment/augment.h"
#include "augment/warp.h"

namespace fastmix {

// What a DeviceOperation does, and what its words hold. Floats are stored by bit pattern.
enum class Action : int32_t {
  kTable,           // words: opcode, parameter
  kAutoContrast,    // no words
  kEqualize,        // no words
  kContrast,        // word: factor
  kColor,           // word: factor
  kHue,             // word: the number to add to the hue, modulo 256
  kSharpness,       // word: factor
  kBlur,            // words: radius, inner and edge of BoxWeights
  kMove,            // words: source row, source column, bits of pixel_move
  kNearestWarp,     // words: index of the matrix, fill colour
  kLinearWarp,      // words: index of the matrix, fill colour, warp_exactness
  kCubicWarp,       // words: index of the matrix, fill colour, warp_exactness
  kErase,           // words: the two of erase_box(), fill colour
  kAugMixBegin,     // word: weight
  kAugMixChainEnd,  // word: weight
  kAugMixEnd,       // words: weight of the kept image, weight of the sum
};

struct alignas(16) DeviceOperation {
  Action action;
  int32_t word[3];

  FM_HD float value(int k) const { return bit_cast<float>(word[k]); }
};

// The bits of kMove's word[2]. Without them, output pixel (y, x) copies the source pixel at row word[0] + y and column
// word[1] + x. With kUpwards, the row is word[0] - y; with kLeftwards, the column is word[1] - x. kTranspose exchanges
// y and x in these sums and differences. Source pixels outside the image have the colour in the low 24 bits of word[2]
// or, with kReflect, show the reflected image.
namespace pixel_move {
constexpr int32_t kReflect = 1 << 24, kTranspose = 1 << 25, kUpwards = 1 << 26, kLeftwards = 1 << 27;
}

// kColumns is set if the warp computes source columns without rounding, both in float64 and in the kernel's fixed
// point. kRows says the same of source rows.
namespace warp_exactness {
constexpr int32_t kColumns = 1, kRows = 2;
}

union DeviceMatrix {
  Matrix exact;
  FixedMatrix fixed;  // for kNearestWarp; the other warps use `exact`
};

// One image of the batch: its index, its operations first ... first + count - 1, and where its scratch begins, in units
// of 16 bytes.
struct alignas(16) DeviceSample {
  uint32_t image, first, count, scratch;
};

// Parts of an image's scratch, in this order. A part has a 32-bit word per pixel. kSums needs three words per pixel, so
// it takes parts 3 to 5. An image gets the parts up to the last one that its operations need.
namespace scratch_part {
constexpr uint32_t kStaged = 0, kSpare = 1, kKept = 2, kSums = 3, kParts = 6;
}
FM_HD uint32_t words_of_part(uint32_t pixels) { return (pixels + 3u) / 4u * 4u; }

struct DeviceProgram {
  std::vector<DeviceSample> samples;  // only the images that the kernel must write
  std::vector<DeviceOperation> operations;
  std::vector<DeviceMatrix> matrices;
  int64_t scratch_bytes = 0;
};

// Call validate() before: this function trusts the parameters.
DeviceProgram device_program(const AugmentParams& params);

}  // namespace fastmix
