#include "augment/sample_plan.h"

#include <cmath>
#include <ios>

#include "base/error.h"

namespace fastmix {

namespace {

enum Kind : int32_t { kUnused, kFloat, kBits };  // what a parameter word holds

constexpr int32_t kFilterBits = 3, kNormalBits = 3 << 3;

// What the words of an operation may hold. `low` and `high` bound every float parameter.
struct Rule {
  const char* name;
  int32_t flags;  // the flag bits that the operation may set
  Kind kinds[3];
  float low, high;
  bool integer;
  const char* meaning;  // what messages call the first parameter
};

constexpr float kMost = 1000.0f, kTranslate = 16384.0f, kAngle = 1e6f;
constexpr Rule kRules[kOpcodes] = {
    {"Identity", 0, {}, 0, 0, false, ""},
    {"Invert", 0, {}, 0, 0, false, ""},
    {"Posterize", 0, {kFloat}, 0, 8, true, "bits"},
    {"Solarize", 0, {kFloat}, 0, 256, false, "a threshold"},
    {"SolarizeAdd", 0, {kFloat}, 0, 255, true, "an addend"},
    {"Brightness", 0, {kFloat}, 0, kMost, false, "a factor"},
    {"Contrast", 0, {kFloat}, 0, kMost, false, "a factor"},
    {"Color", 0, {kFloat}, 0, kMost, false, "a factor"},
    {"Grayscale", 0, {}, 0, 0, false, ""},
    {"Hue", 0, {kFloat}, -0.5f, 0.5f, false, "a shift"},
    {"Sharpness", 0, {kFloat}, 0, kMost, false, "a factor"},
    {"AutoContrast", 0, {}, 0, 0, false, ""},
    {"Equalize", 0, {}, 0, 0, false, ""},
    {"GaussianBlur", 0, {kFloat}, 0, 100, false, "a standard deviation"},
    {"ShearX", kFilterBits, {kFloat, kBits}, -1, 1, false, "a shear"},
    {"ShearY", kFilterBits, {kFloat, kBits}, -1, 1, false, "a shear"},
    {"TranslateX", kFilterBits, {kFloat, kBits}, -kTranslate, kTranslate, false, "pixels"},
    {"TranslateY", kFilterBits, {kFloat, kBits}, -kTranslate, kTranslate, false, "pixels"},
    {"Rotate", kFilterBits, {kFloat, kBits}, -kAngle, kAngle, false, "degrees"},
    {"EraseConstant", 0, {kBits, kBits, kBits}, 0, 0, false, ""},
    {"EraseNormal", kNormalBits, {kBits, kBits, kBits}, 0, 0, false, ""},
    {"AugMixBegin", 0, {kFloat}, 0, 1, false, "a weight"},
    {"AugMixChainEnd", 0, {kFloat}, 0, 1, false, "a weight"},
    {"AugMixEnd", 0, {kFloat, kFloat}, 0, 1, false, "a weight"},
    {"PadCrop", 0, {kBits, kBits, kBits}, 0, 0, false, ""},
    {"ErasePixelsNormalized", 1 << 4, {kBits, kBits, kBits}, 0, 0, false, ""},
};

bool is_color(int32_t word) { return (static_cast<uint32_t>(word) >> 24) == 0; }
bool is_warp(Opcode opcode) { return opcode >= Opcode::kShearX && opcode <= Opcode::kRotate; }

// Names an operation in messages: the caller, the sample, and the index of the operation in the sample.
struct Place {
  const char* op;
  int32_t sample, index;
};

template <typename... Parts>
void check_operation(bool holds, const Place& at, const Parts&... message) {
  if (!holds) {
    throw Error(
        concat(at.op, ": ", message..., " in operation ", at.index, " of sample ", at.sample, " of the sample plan"));
  }
}

void check_parameters(const Place& at, const SampleOperation& operation, const Rule& rule) {
  for (int k = 0; k < 3; ++k) {
    check_operation(rule.kinds[k] != kUnused || operation.word[k] == 0, at, "expected 0 in the unused parameter ", k,
                    " of ", rule.name, ", got the bits ", operation.word[k]);
    if (rule.kinds[k] != kFloat) continue;
    const float value = operation.value(k);
    check_operation(value >= rule.low && value <= rule.high, at, "expected ", rule.meaning, " in [", rule.low, ", ",
                    rule.high, "] for ", rule.name, ", got ", value);
    check_operation(!rule.integer || value == std::floor(value), at, "expected an integer for ", rule.name, ", got ",
                    value);
  }
}

void check_flags(const Place& at, const SampleOperation& operation, const Rule& rule) {
  const int32_t flags = operation.flags();
  check_operation((flags & 4) == 0 || !is_warp(operation.opcode()), at, "expected flag bit 10 of ", rule.name,
                  " to be 0 (only Pillow's arithmetic exists), got 1");
  check_operation((flags & ~rule.flags) == 0, at, "expected no flag bits outside 0x", std::hex, rule.flags << 8,
                  " for ", rule.name, ", got 0x", flags << 8, std::dec);
  check_operation(!is_warp(operation.opcode()) || (flags & kFilterBits) <= 2, at,
                  "expected filter 0 (nearest), 1 (bilinear) or 2 (bicubic) for ", rule.name, ", got ",
                  flags & kFilterBits);
}

void check_colors(const Place& at, const SampleOperation& operation, const Rule& rule) {
  const Opcode opcode = operation.opcode();
  const int32_t color = is_warp(opcode)                    ? operation.word[1]
                        : opcode == Opcode::kEraseConstant ? operation.word[2]
                        : opcode == Opcode::kPadCrop       ? operation.word[2] & ~(1 << 24)
                                                           : 0;
  check_operation(is_color(color), at, "expected a colour R | G << 8 | B << 16 for ", rule.name, ", got the bits ",
                  color);
}

// Checks that a sample's AugMixBegin and AugMixEnd alternate.
class AugMixState {
 public:
  void follow(const Place& at, Opcode opcode) {
    if (opcode == Opcode::kAugMixBegin) {
      check_operation(!inside_, at, "expected AugMixEnd before another AugMixBegin, got none");
      inside_ = true;
    } else if (opcode == Opcode::kAugMixChainEnd || opcode == Opcode::kAugMixEnd) {
      check_operation(inside_, at, "expected AugMixBegin before ", name_of(opcode), ", got none");
      inside_ = opcode != Opcode::kAugMixEnd;
    }
  }
  bool inside() const { return inside_; }

 private:
  bool inside_ = false;
};

void check_row(const char* op, const SamplePlanView& plan, int32_t sample) {
  const SampleRow& row = plan.row(sample);
  check(row.header == kSampleHeader, op, ": expected rows of a sample plan, layout version 1 (header ", kSampleHeader,
        "), got the header ", row.header, " for sample ", sample, "; make rows with SamplePlan");
  check((row.flags & ~0xf07) == 0, op, ": expected no flag bits outside 0xf07, got 0x", std::hex, row.flags, std::dec,
        " for sample ", sample, "; make rows with SamplePlan");
  for (const int32_t spare : row.spare) {
    check(spare == 0, op, ": expected zeros in the spare words 9 to 15, got ", spare, " for sample ", sample,
          "; make rows with SamplePlan");
  }
  check(row.count >= 0 && row.count <= plan.capacity(), op, ": expected 0 to ", plan.capacity(), " operations, got ",
        row.count, " for sample ", sample);
}

}  // namespace

const char* name_of(Opcode opcode) { return kRules[static_cast<int32_t>(opcode)].name; }

void validate(const char* op, const SamplePlanView& plan) {
  for (int32_t i = 0; i < plan.batch; ++i) {
    check_row(op, plan, i);
    const SampleOperation* operations = plan.operations(i);
    AugMixState mix;
    for (int32_t k = 0; k < plan.capacity(); ++k) {
      const Place at = {op, i, k};
      const SampleOperation& operation = operations[k];
      if (k >= plan.row(i).count) {
        check_operation((operation.code | operation.word[0] | operation.word[1] | operation.word[2]) == 0, at,
                        "expected zeros after the first ", plan.row(i).count, " operations, got the bits ",
                        operation.code, ", ", operation.word[0], ", ", operation.word[1], " and ", operation.word[2]);
        continue;
      }
      const int32_t opcode = operation.code & 0xff;
      check_operation(opcode < kOpcodes, at, "expected an opcode below ", kOpcodes, ", got ", opcode);
      check_flags(at, operation, kRules[opcode]);
      check_parameters(at, operation, kRules[opcode]);
      check_colors(at, operation, kRules[opcode]);
      mix.follow(at, operation.opcode());
    }
    check(!mix.inside(), op, ": expected AugMixEnd after AugMixBegin, got none for sample ", i);
  }
}

void validate_sizes(const char* op, const SamplePlanView& plan, int64_t height, int64_t width) {
  for (int32_t i = 0; i < plan.batch; ++i) {
    const SampleRow& row = plan.row(i);
    check((row.size[0] == 0 || row.size[0] == height) && (row.size[1] == 0 || row.size[1] == width), op,
          ": expected the output size ", height, " x ", width, " (or 0), got the output size ", row.size[0], " x ",
          row.size[1], " for sample ", i, "; use resample_mix, which resizes");
    for (int32_t k = 0; k < row.count; ++k) {
      const SampleOperation& operation = plan.operations(i)[k];
      if (operation.opcode() != Opcode::kPadCrop || (operation.word[2] & 1 << 24) == 0) continue;
      // The image is reflected once at each border, which gives height - 1 rows or width - 1 columns beyond it.
      check_operation(std::abs(int64_t{operation.word[0]}) < height && std::abs(int64_t{operation.word[1]}) < width,
                      {op, i, k}, "expected PadCrop with reflection to move less than ", height, " rows and ", width,
                      " columns, got (", operation.word[0], ", ", operation.word[1], ")");
    }
  }
}

void validate_pixels_only(const char* op, const SamplePlanView& plan, int64_t height, int64_t width) {
  for (int32_t i = 0; i < plan.batch; ++i) {
    const SampleRow& row = plan.row(i);
    const int32_t* window = row.window;
    const bool whole = window[0] == 0 && window[1] == 0 && (window[2] == 0 || window[2] == height) &&
                       (window[3] == 0 || window[3] == width);
    check(whole, op, ": expected the window (0, 0, ", height, ", ", width,
          ") of the whole image (or zeros), got the window (", window[0], ", ", window[1], ", ", window[2], ", ",
          window[3], ") for sample ", i, "; use resample_mix, which takes windows");
    for (int32_t k = 0; k < row.count; ++k) {
      const Opcode opcode = plan.operations(i)[k].opcode();
      check_operation(!erases_normalized(opcode), {op, i, k},
                      "expected operations on uint8 pixels (resample_mix takes those that need a float output), got ",
                      name_of(opcode));
    }
  }
  validate_sizes(op, plan, height, width);
}

void validate_erasing(const char* op, const SamplePlanView& plan) {
  for (int32_t i = 0; i < plan.batch; ++i) {
    const SampleOperation* const operations = plan.operations(i);
    const int32_t pixels = count_pixel_operations(plan, i);
    for (int32_t k = pixels; k < plan.row(i).count; ++k) {
      const Opcode opcode = operations[k].opcode();
      check_operation(erases_normalized(opcode), {op, i, k}, "expected only erasing after ",
                      name_of(operations[pixels].opcode()), ", which erases the normalised output, got ",
                      name_of(opcode));
      check_operation(opcode != Opcode::kErasePixelsNormalized || std::isfinite(operations[k].value(2)), {op, i, k},
                      "expected a finite constant for ", name_of(opcode), ", got ", operations[k].value(2));
    }
  }
}

int32_t count_pixel_operations(const SamplePlanView& plan, int32_t sample) {
  const SampleOperation* const operations = plan.operations(sample);
  int32_t count = 0;
  while (count < plan.row(sample).count && !erases_normalized(operations[count].opcode())) ++count;
  return count;
}

}  // namespace fastmix
