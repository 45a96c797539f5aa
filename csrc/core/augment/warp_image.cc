#include "augment/warp_image.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "augment/warp.h"

namespace fastmix {

namespace {

// A row is extended by this many copies of its border pixels. Cubic reads one pixel before the row and two after it.
constexpr int64_t kPad = 2;

uint8_t color_of(uint32_t color, int32_t channel) { return static_cast<uint8_t>(color >> (8 * channel)); }

// A shear or translation along the rows: output pixel x of row y reads row y at x + 0.5 + slope * (y + 0.5) + offset.
// move_pixels() does translations by whole pixels, and all translations with the nearest filter.
struct RowWarp {
  double slope, offset;
  WarpFilter filter;
  uint32_t fill;
};

// Fills the pixels of a row outside [begin, end).
void fill_outside(uint8_t* row, int64_t begin, int64_t end, int64_t width, uint8_t fill) {
  std::memset(row, fill, begin);
  std::memset(row + end, fill, width - end);
}

// out[x] = in[x + shift], or `fill` if x + shift lies outside the row.
void shift_row(uint8_t* out, const uint8_t* in, int64_t shift, int64_t width, uint8_t fill) {
  const int64_t begin = std::clamp<int64_t>(-shift, 0, width);
  const int64_t end = std::clamp<int64_t>(width - shift, begin, width);
  fill_outside(out, begin, end, width, fill);
  std::memcpy(out + begin, in + begin + shift, end - begin);
}

void nearest_rows(uint8_t* out, const uint8_t* in, int64_t height, int64_t width, const RowWarp& warp, uint8_t fill) {
  const FixedMatrix fixed = fixed_matrix({{1.0, warp.slope, 0.0, 0.0, 1.0, 0.0}});
  for (int64_t y = 0; y < height; ++y) {
    shift_row(out + y * width, in + y * width, (fixed.m[2] + fixed.m[1] * y) >> 16, width, fill);
  }
}

// Interpolates along rows. `padded` has room for a row and kPad more pixels at each end.
class RowInterpolation {
 public:
  RowInterpolation(const AugmentKernels& kernels, const RowWarp& warp, int64_t width, uint8_t* padded)
      : warp_(warp),
        interpolate_(warp.filter == WarpFilter::kBicubic ? kernels.cubic_row : kernels.linear_row),
        width_(width),
        padded_(padded) {}

  void place(double y) {
    slope_ = warp_.slope * y;
    const double distance = slope_ + warp_.offset, whole = std::floor(distance), part = distance - whole;
    // All pixels of the row have the same shift, unless `part` is so near 0 or 1 that rounding a position (by less than
    // 2^-36) may cross a whole number.
    uniform_ = part > 0x1p-30 && part < 1.0 - 0x1p-30;
    shift_ = static_cast<int64_t>(whole);
    begin_ = std::clamp<int64_t>(-shift_ - 2, 0, width_);
    while (begin_ < width_ && !inside(begin_)) ++begin_;
    end_ = std::clamp<int64_t>(width_ + 2 - shift_, begin_, width_);
    while (end_ > begin_ && !inside(end_ - 1)) --end_;
  }

  void run(uint8_t* out, const uint8_t* in, uint8_t fill) const {
    fill_outside(out, begin_, end_, width_, fill);
    std::memset(padded_, in[0], kPad);
    std::memcpy(padded_ + kPad, in, width_);
    std::memset(padded_ + kPad + width_, in[width_ - 1], kPad);
    // Calls the kernel for each run of pixels with the same shift.
    for (int64_t x = begin_; x < end_;) {
      const int64_t shift = uniform_ ? shift_ : shift_at(x);
      int64_t stop = uniform_ ? end_ : x + 1;
      while (stop < end_ && shift_at(stop) == shift) ++stop;
      const double t = slope_ + warp_.offset - static_cast<double>(shift);
      const RowRun run = {static_cast<int32_t>(x), static_cast<int32_t>(shift), slope_, warp_.offset,
                          static_cast<float>(t)};
      interpolate_(out + x, padded_ + kPad + x + shift, run, stop - x);
      x = stop;
    }
  }

 private:
  // The place in the source row that pixel x reads, with Pillow's float64 operations.
  double column(int64_t x) const { return static_cast<double>(x) + 0.5 + slope_ + warp_.offset; }
  bool inside(int64_t x) const { return column(x) >= 0.0 && column(x) < static_cast<double>(width_); }
  int64_t shift_at(int64_t x) const { return floor_of(column(x) - 0.5) - x; }

  const RowWarp warp_;
  void (*const interpolate_)(uint8_t*, const uint8_t*, const RowRun&, int64_t);
  const int64_t width_;
  uint8_t* const padded_;
  double slope_ = 0.0;
  int64_t shift_ = 0;            // the shift of all pixels if uniform_
  int64_t begin_ = 0, end_ = 0;  // output pixels [begin_, end_) read inside the source row
  bool uniform_ = false;
};

void warp_rows(ImageBuffers& image, const AugmentKernels& kernels, uint8_t* out, const uint8_t* in, int64_t height,
               int64_t width, const RowWarp& warp) {
  if (warp.filter == WarpFilter::kNearest) {
    for (int32_t c = 0; c < kColors; ++c) {
      nearest_rows(out + c * height * width, in + c * height * width, height, width, warp, color_of(warp.fill, c));
    }
    return;
  }
  RowInterpolation rows(kernels, warp, width, image.rows(width + 2 * kPad));
  for (int64_t y = 0; y < height; ++y) {
    if (y == 0 || warp.slope != 0.0) rows.place(static_cast<double>(y) + 0.5);
    for (int32_t c = 0; c < kColors; ++c) {
      const int64_t at = (c * height + y) * width;
      rows.run(out + at, in + at, color_of(warp.fill, c));
    }
  }
}

void transpose(const AugmentKernels& kernels, uint8_t* out, const uint8_t* in, int64_t height, int64_t width) {
  for (int32_t c = 0; c < kColors; ++c) {
    kernels.transpose(out + c * height * width, in + c * height * width, height, width);
  }
}

// Moves the pixels of each column along the column: transposes, moves pixels along rows, and transposes back.
void warp_columns(ImageBuffers& image, const AugmentKernels& kernels, const RowWarp& warp) {
  const int64_t height = image.height(), width = image.width();
  transpose(kernels, image.spare(), image.now(), height, width);
  warp_rows(image, kernels, image.now(), image.spare(), width, height, warp);
  transpose(kernels, image.spare(), image.now(), width, height);
  image.swap();
}

// Packs the image, and adds `frame` pixels on every side, which repeat its border.
void pack_framed(const ImageBuffers& image, const AugmentKernels& kernels, uint32_t* packed, int32_t frame) {
  const int64_t height = image.height(), width = image.width(), pitch = width + 2 * frame;
  for (int64_t y = 0; y < height; ++y) {
    uint32_t* const row = packed + (y + frame) * pitch;
    kernels.pack(row + frame, image.now() + y * width, image.pixels(), width);
    std::fill_n(row, frame, row[frame]);
    std::fill_n(row + frame + width, frame, row[frame + width - 1]);
  }
  for (int32_t k = 0; k < frame; ++k) {
    std::memcpy(packed + k * pitch, packed + frame * pitch, pitch * sizeof(uint32_t));
    std::memcpy(packed + (height + frame + k) * pitch, packed + (height + frame - 1) * pitch, pitch * sizeof(uint32_t));
  }
}

void warp_pixels(ImageBuffers& image, const AugmentKernels& kernels, const Matrix& matrix, WarpFilter filter,
                 uint32_t fill) {
  const int32_t height = static_cast<int32_t>(image.height()), width = static_cast<int32_t>(image.width());
  const int32_t frame = filter == WarpFilter::kNearest ? 0 : static_cast<int32_t>(kPad);
  const int32_t pitch = width + 2 * frame, pixels = (height + 2 * frame) * pitch;
  uint32_t* const packed = image.packed(pixels + 1);
  pack_framed(image, kernels, packed, frame);
  packed[pixels] = fill;
  uint32_t* const out = image.packed_row(width);
  const FixedMatrix fixed = fixed_matrix(matrix);
  for (int32_t y = 0; y < height; ++y) {
    if (filter == WarpFilter::kNearest) {
      kernels.nearest_warp(out, packed, height, width, fixed.m[2] + fixed.m[1] * y, fixed.m[5] + fixed.m[4] * y,
                           fixed.m[0], fixed.m[3], width);
    } else {
      const WarpRow row = {matrix.m, y + 0.5, height, width, packed, pitch, frame, fill};
      (filter == WarpFilter::kBicubic ? kernels.cubic_warp : kernels.linear_warp)(out, row, width);
    }
    kernels.unpack(image.spare() + int64_t{y} * width, image.pixels(), out, width);
  }
  image.swap();
}

void rotate(ImageBuffers& image, const AugmentKernels& kernels, const SampleOperation& operation) {
  const Rotation rotation = rotation_of(operation.value(0), image.height(), image.width());
  switch (rotation.quarters) {
    case -1:
      return warp_pixels(image, kernels, rotation.matrix, operation.filter(), operation.word[1]);
    case 1:
    case 3:
      transpose(kernels, image.spare(), image.now(), image.height(), image.width());
      image.swap();
      return rotation.quarters == 1 ? flip_vertically(image) : flip_horizontally(image, kernels);
    case 2:
      flip_horizontally(image, kernels);
      return flip_vertically(image);
    default:
      return;
  }
}

// Mirrors an index into [0, size): -1 becomes 1, and size becomes size - 2. `at` must lie in [1 - size, 2 * size - 2].
int64_t reflected(int64_t at, int64_t size) { return at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at; }

// Output pixel (y, x) reads input pixel (y + dy, x + dx).
void move_pixels(ImageBuffers& image, int64_t dy, int64_t dx, bool reflect, uint32_t fill) {
  const int64_t height = image.height(), width = image.width();
  for (int32_t c = 0; c < kColors; ++c) {
    for (int64_t y = 0; y < height; ++y) {
      uint8_t* const out = image.spare(c) + y * width;
      const int64_t line = reflect ? reflected(y + dy, height) : y + dy;
      if (line < 0 || line >= height) {
        std::memset(out, color_of(fill, c), width);
        continue;
      }
      const uint8_t* const in = image.now(c) + line * width;
      shift_row(out, in, dx, width, color_of(fill, c));
      if (!reflect) continue;
      for (int64_t x = 0; x < -dx; ++x) out[x] = in[reflected(x + dx, width)];
      for (int64_t x = std::max<int64_t>(0, width - dx); x < width; ++x) out[x] = in[reflected(x + dx, width)];
    }
  }
  image.swap();
}

}  // namespace

void warp_image(ImageBuffers& image, const AugmentKernels& kernels, const SampleOperation& operation) {
  const Opcode opcode = operation.opcode();
  if (opcode == Opcode::kRotate) return rotate(image, kernels, operation);
  const double amount = static_cast<double>(operation.value(0));
  if (amount == 0.0) return;
  const uint32_t fill = static_cast<uint32_t>(operation.word[1]);
  const bool along_rows = opcode == Opcode::kShearX || opcode == Opcode::kTranslateX;
  const bool translates = opcode == Opcode::kTranslateX || opcode == Opcode::kTranslateY;
  if (is_whole_translation(operation)) {
    const int64_t pixels = static_cast<int64_t>(std::floor(amount + 0.5));
    return move_pixels(image, along_rows ? 0 : pixels, along_rows ? pixels : 0, false, fill);
  }
  const RowWarp warp = {translates ? 0.0 : amount, translates ? amount : 0.0, operation.filter(), fill};
  if (!along_rows) return warp_columns(image, kernels, warp);
  warp_rows(image, kernels, image.spare(), image.now(), image.height(), image.width(), warp);
  image.swap();
}

void flip_horizontally(ImageBuffers& image, const AugmentKernels& kernels) {
  const int64_t width = image.width();
  for (int64_t row = 0; row < kColors * image.height(); ++row) {
    kernels.reverse(image.spare() + row * width, image.now() + row * width, width);
  }
  image.swap();
}

void flip_vertically(ImageBuffers& image) {
  const int64_t height = image.height(), width = image.width();
  for (int32_t c = 0; c < kColors; ++c) {
    for (int64_t y = 0; y < height; ++y) {
      std::memcpy(image.spare(c) + y * width, image.now(c) + (height - 1 - y) * width, width);
    }
  }
  image.swap();
}

void pad_crop(ImageBuffers& image, const SampleOperation& operation) {
  const int32_t mode = operation.word[2];
  move_pixels(image, operation.word[0], operation.word[1], (mode & 1 << 24) != 0, static_cast<uint32_t>(mode));
}

void erase(ImageBuffers& image, const SampleOperation& operation) {
  const EraseBox box = erase_box(operation);
  const int64_t y_end = std::min<int64_t>(image.height(), int64_t{box.y} + box.height);
  const int64_t x_end = std::min<int64_t>(image.width(), int64_t{box.x} + box.width);
  if (box.x >= x_end) return;
  for (int32_t c = 0; c < kColors; ++c) {
    for (int64_t y = box.y; y < y_end; ++y) {
      std::memset(image.now(c) + y * image.width() + box.x, color_of(operation.word[2], c), x_end - box.x);
    }
  }
}

}  // namespace fastmix
