#include "augment/device_operations.h"

#include <algorithm>
#include <cmath>

#include "augment/table_math.h"
#include "base/error.h"

namespace fastmix {

namespace {

// Clamps an offset to 32 bits. An offset of 32768 already moves every pixel out of the image.
int32_t bounded(int64_t offset) { return static_cast<int32_t>(std::clamp<int64_t>(offset, -32768, 32768)); }

// Whether a * x + b * y + c is exact for all pixel centres x, y, both in float64 and in the kernel's fixed point with
// 44 fraction bits. This holds if a, b and c are multiples of 2^-36. Then products and sums are multiples of 2^-37,
// because centres end in .5. Products and sums stay below 2^16, so the 53 bits of float64 hold them.
bool unrounded(double a, double b, double c) {
  const auto fits = [](double x) { return x * 0x1p36 == std::floor(x * 0x1p36); };
  return fits(a) && fits(b) && fits(c);
}

class Lowering {
 public:
  explicit Lowering(const AugmentParams& params)
      : params_(params),
        height_(static_cast<int32_t>(params.height)),
        width_(static_cast<int32_t>(params.width)),
        part_bytes_(int64_t{4} * words_of_part(static_cast<uint32_t>(params.height * params.width))) {}

  DeviceProgram run() {
    for (int32_t i = 0; i < params_.plan.batch; ++i) lower(i);
    check(program_.scratch_bytes / 16 <= UINT32_MAX, "augment: expected a batch that needs less than 2^36 bytes ",
          "of scratch, got ", program_.scratch_bytes, " bytes; use a smaller batch");
    return std::move(program_);
  }

 private:
  void lower(int32_t sample) {
    const SampleRow& row = params_.plan.row(sample);
    const auto first = static_cast<uint32_t>(program_.operations.size());
    parts_ = 0;
    const int32_t down = row.flips_vertically() ? pixel_move::kUpwards : 0;
    const int32_t across = row.flips_horizontally() ? pixel_move::kLeftwards : 0;
    if ((down | across) != 0) move(down != 0 ? height_ - 1 : 0, across != 0 ? width_ - 1 : 0, down | across);
    for (int32_t k = 0; k < row.count; ++k) lower(params_.plan.operations(sample)[k]);
    const uint32_t count = static_cast<uint32_t>(program_.operations.size()) - first;
    if (count == 0 && params_.in == params_.out) return;
    const auto scratch = static_cast<uint32_t>(program_.scratch_bytes / 16);
    program_.samples.push_back({static_cast<uint32_t>(sample), first, count, scratch});
    program_.scratch_bytes += parts_ * part_bytes_;
  }

  void add(Action action, int32_t a = 0, int32_t b = 0, int32_t c = 0) {
    program_.operations.push_back({action, {a, b, c}});
  }
  void need(uint32_t part) { parts_ = std::max(parts_, part + 1); }

  void move(int64_t y, int64_t x, int32_t how) {
    need(scratch_part::kStaged);
    add(Action::kMove, bounded(y), bounded(x), how);
  }

  void lower(const SampleOperation& operation) {
    const Opcode opcode = operation.opcode();
    const float a = operation.value(0);
    const int32_t* const word = operation.word;
    switch (opcode) {
      case Opcode::kIdentity:
        return;
      case Opcode::kAutoContrast:
        return add(Action::kAutoContrast);
      case Opcode::kEqualize:
        return add(Action::kEqualize);
      case Opcode::kContrast:
        return add(Action::kContrast, word[0]);
      case Opcode::kColor:
        return a == 1.0f ? void() : add(Action::kColor, word[0]);
      case Opcode::kGrayscale:
        return add(Action::kColor, bit_cast<int32_t>(0.0f));
      case Opcode::kHue:
        return add(Action::kHue, static_cast<int32_t>(a * 255.0) & 255);
      case Opcode::kSharpness:
        if (a == 1.0f || height_ < 3 || width_ < 3) return;
        need(scratch_part::kStaged);
        return add(Action::kSharpness, word[0]);
      case Opcode::kGaussianBlur:
        return blur(a);
      case Opcode::kEraseConstant:
        return add(Action::kErase, word[0], word[1], word[2]);
      case Opcode::kPadCrop:
        return move(word[0], word[1], word[2]);  // PadCrop's bit for reflection equals kReflect
      case Opcode::kAugMixBegin:
        parts_ = scratch_part::kParts;
        return add(Action::kAugMixBegin, word[0]);
      case Opcode::kAugMixChainEnd:
        return add(Action::kAugMixChainEnd, word[0]);
      case Opcode::kAugMixEnd:
        return add(Action::kAugMixEnd, word[0], word[1]);
      case Opcode::kShearX:
      case Opcode::kShearY:
      case Opcode::kTranslateX:
      case Opcode::kTranslateY:
        return shift(operation);
      case Opcode::kRotate:
        return rotate(operation);
      default:
        return add(Action::kTable, static_cast<int32_t>(opcode), word[0]);
    }
  }

  void blur(float sigma) {
    if (sigma == 0.0f) return;
    const BoxWeights box = box_weights(sigma);
    need(scratch_part::kSpare);
    add(Action::kBlur, box.radius, static_cast<int32_t>(box.inner), static_cast<int32_t>(box.edge));
  }

  void shift(const SampleOperation& operation) {
    const Opcode opcode = operation.opcode();
    const double amount = static_cast<double>(operation.value(0));
    if (amount == 0.0) return;
    const bool across = opcode == Opcode::kShearX || opcode == Opcode::kTranslateX;
    const bool translates = opcode == Opcode::kTranslateX || opcode == Opcode::kTranslateY;
    if (is_whole_translation(operation)) {
      const auto pixels = static_cast<int64_t>(std::floor(amount + 0.5));
      return move(across ? 0 : pixels, across ? pixels : 0, operation.word[1]);
    }
    Matrix matrix = {{1.0, 0.0, 0.0, 0.0, 1.0, 0.0}};
    matrix.m[translates ? (across ? 2 : 5) : (across ? 1 : 3)] = amount;
    warp(matrix, operation);
  }

  void rotate(const SampleOperation& operation) {
    const Rotation rotation = rotation_of(operation.value(0), height_, width_);
    switch (rotation.quarters) {
      case -1:
        return warp(rotation.matrix, operation);
      case 1:
        return move(0, width_ - 1, pixel_move::kTranspose | pixel_move::kLeftwards);
      case 2:
        return move(height_ - 1, width_ - 1, pixel_move::kUpwards | pixel_move::kLeftwards);
      case 3:
        return move(height_ - 1, 0, pixel_move::kTranspose | pixel_move::kUpwards);
      default:
        return;
    }
  }

  void warp(const Matrix& matrix, const SampleOperation& operation) {
    need(scratch_part::kStaged);
    const auto index = static_cast<int32_t>(program_.matrices.size());
    DeviceMatrix lowered = {};
    if (operation.filter() == WarpFilter::kNearest) {
      lowered.fixed = fixed_matrix(matrix);
      add(Action::kNearestWarp, index, operation.word[1]);
    } else {
      lowered.exact = matrix;
      const double* const m = matrix.m;
      add(operation.filter() == WarpFilter::kBicubic ? Action::kCubicWarp : Action::kLinearWarp, index,
          operation.word[1],
          (unrounded(m[0], m[1], m[2]) ? warp_exactness::kColumns : 0) |
              (unrounded(m[3], m[4], m[5]) ? warp_exactness::kRows : 0));
    }
    program_.matrices.push_back(lowered);
  }

  const AugmentParams params_;
  const int32_t height_, width_;
  const int64_t part_bytes_;
  uint32_t parts_ = 0;  // parts of scratch that the current sample needs
  DeviceProgram program_;
};

}  // namespace

DeviceProgram device_program(const AugmentParams& params) { return Lowering(params).run(); }

}  // namespace fastmix
