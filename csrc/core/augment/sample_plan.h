// The sample plan: which operations change the pixels of each sample, with their parameters. Operators apply plans and
// draw no random numbers.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "base/host_device.h"

namespace fastmix {

// The first word of a row: the characters "FS" and the version of the layout.
constexpr int32_t kSampleHeader = 'F' << 24 | 'S' << 16 | 1 << 8;

enum class Opcode : int32_t {
  kIdentity = 0,
  kInvert,
  kPosterize,
  kSolarize,
  kSolarizeAdd,
  kBrightness,
  kContrast,
  kColor,
  kGrayscale,
  kHue,
  kSharpness,
  kAutoContrast,
  kEqualize,
  kGaussianBlur,
  kShearX,
  kShearY,
  kTranslateX,
  kTranslateY,
  kRotate,
  kEraseConstant,
  kEraseNormal,
  kAugMixBegin,
  kAugMixChainEnd,
  kAugMixEnd,
  kPadCrop,
  kErasePixelsNormalized,
};
constexpr int32_t kOpcodes = 26;
const char* name_of(Opcode opcode);

enum class WarpFilter : int32_t { kNearest = 0, kBilinear = 1, kBicubic = 2 };

// One operation: the opcode with its flags, and three parameters as bit patterns.
struct SampleOperation {
  int32_t code = 0;
  int32_t word[3] = {};

  FM_HD Opcode opcode() const { return static_cast<Opcode>(code & 0xff); }
  FM_HD int32_t flags() const { return static_cast<int32_t>(static_cast<uint32_t>(code) >> 8); }
  FM_HD WarpFilter filter() const { return static_cast<WarpFilter>(flags() & 3); }
  FM_HD float value(int k) const { return bit_cast<float>(word[k]); }
};
static_assert(sizeof(SampleOperation) == 16);

// A box in pixels. Word 0 of an erasing operation holds y | x << 16, and word 1 holds height | width << 16.
struct EraseBox {
  int32_t y, x, height, width;
};
FM_HD EraseBox erase_box(int32_t place, int32_t size) {
  return {place & 0xffff, static_cast<int32_t>(static_cast<uint32_t>(place) >> 16), size & 0xffff,
          static_cast<int32_t>(static_cast<uint32_t>(size) >> 16)};
}
FM_HD EraseBox erase_box(const SampleOperation& operation) { return erase_box(operation.word[0], operation.word[1]); }

// The first 64 bytes of a plan's row; the sample's operations follow. Words are little-endian; spare words are zero.
struct SampleRow {
  int32_t header = kSampleHeader;
  int32_t flags = 0;
  int32_t window[4] = {};  // y, x, height, width in source pixels; height and width 0: the whole image
  int32_t size[2] = {};    // output height and width; 0: those of the batch
  int32_t count = 0;       // how many operations the sample has
  int32_t spare[7] = {};

  bool flips_horizontally() const { return (flags & 1) != 0; }
  bool flips_vertically() const { return (flags & 2) != 0; }
};
static_assert(sizeof(SampleRow) == 64);

constexpr int32_t kSampleRowWords = sizeof(SampleRow) / sizeof(int32_t);
constexpr int32_t kOperationWords = sizeof(SampleOperation) / sizeof(int32_t);

// A plan in memory that the caller owns.
struct SamplePlanView {
  const int32_t* words = nullptr;  // `batch` rows of `row_words` words
  int32_t batch = 0;
  int32_t row_words = 0;  // kSampleRowWords + kOperationWords * capacity

  int32_t capacity() const { return (row_words - kSampleRowWords) / kOperationWords; }
  const SampleRow& row(int32_t i) const {
    return *reinterpret_cast<const SampleRow*>(words + static_cast<int64_t>(i) * row_words);
  }
  const SampleOperation* operations(int32_t i) const {
    return reinterpret_cast<const SampleOperation*>(words + static_cast<int64_t>(i) * row_words + kSampleRowWords);
  }
};

// Throws Error for rows of another kind or version, unknown opcodes and flags, parameters out of range, an AugMixBegin
// without AugMixEnd, and words that should be zero. `op` names the caller in messages.
void validate(const char* op, const SamplePlanView& plan);

// Throws Error if a sample's output size is not height x width, or if a PadCrop with reflection moves the image by its
// full height or width, or more.
void validate_sizes(const char* op, const SamplePlanView& plan, int64_t height, int64_t width);

// Validates plans of operators that read and write uint8 images of height x width. Throws Error for windows, other
// output sizes, and erasing that needs a float output.
void validate_pixels_only(const char* op, const SamplePlanView& plan, int64_t height, int64_t width);

// Whether an operation erases in the normalised output.
constexpr bool erases_normalized(Opcode opcode) {
  return opcode == Opcode::kEraseNormal || opcode == Opcode::kErasePixelsNormalized;
}

// Throws Error if an operation on uint8 pixels follows one that erases in the normalised output, or if the constant of
// an ErasePixelsNormalized is not finite.
void validate_erasing(const char* op, const SamplePlanView& plan);

// How many operations of a sample change its uint8 pixels. The others erase boxes later, in the normalised output.
int32_t count_pixel_operations(const SamplePlanView& plan, int32_t sample);

}  // namespace fastmix
