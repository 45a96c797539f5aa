// Warps in a CUDA block. Source coordinates are 64-bit fixed point and levels float32, both with bounded errors. If an
// error could change a pixel, the kernel computes that pixel again in float64, as Pillow does.
#pragma once

#include <cstdint>

#include "augment/device_image.h"
#include "augment/warp_math.h"

namespace fastmix {

// Source coordinates have 44 fraction bits. A coordinate is the sum of two products and a constant. Each product is a
// matrix entry times a pixel centre, which is below 2^14. So the coordinate is below 2^17, with an error below 2^-28.
constexpr int kFraction = 44;
constexpr int64_t kHalf = int64_t{1} << (kFraction - 1);

// The point of the source that an output pixel reads, along one axis.
struct AxisPoint {
  int32_t index;  // the last source pixel whose centre lies at or before the point
  float t;        // distance of the point from the centre of pixel `index`, with an error below 2^-25 + 2^-27
  bool inside;
  bool doubt;  // whether the coordinate's error may make `index` or `inside` wrong
};

class WarpAxis {
 public:
  // a_ and b_ hold half of a matrix entry. at() multiplies them by 2 x + 1 and 2 y + 1, which gives entry times centre.
  __device__ __forceinline__ WarpAxis(const double* m, int32_t size, bool exact)
      : a_(static_cast<int64_t>(m[0] * 0x1p43)),
        b_(static_cast<int64_t>(m[1] * 0x1p43)),
        c_(static_cast<int64_t>(m[2] * 0x1p44)),
        size_(size),
        exact_(exact) {}

  __device__ __forceinline__ AxisPoint at(int32_t y, int32_t x) const {
    const int64_t place = a_ * (2 * x + 1) + b_ * (2 * y + 1) + c_, left = place - kHalf;
    const auto fraction = static_cast<uint32_t>(left >> (kFraction - 32));
    AxisPoint point;
    point.index = static_cast<int32_t>(left >> kFraction);
    point.t = static_cast<float>(fraction) * 0x1p-32f;
    const auto pixel = static_cast<int32_t>(place >> kFraction);
    point.inside = pixel >= 0 && pixel < size_;
    // A point within 2^-27 of a pixel's centre or of a border is in doubt.
    constexpr uint32_t kNear = 1u << 5;
    point.doubt = !exact_ && (fraction + kNear < 2 * kNear || near(place) ||
                              near(place - (static_cast<int64_t>(size_) << kFraction)));
    return point;
  }

 private:
  static __device__ __forceinline__ bool near(int64_t distance) {
    constexpr int64_t kNear = int64_t{1} << (kFraction - 27);
    return distance > -kNear && distance < kNear;
  }

  const int64_t a_, b_, c_;
  const int32_t size_;
  const bool exact_;
};

__device__ __forceinline__ int32_t clamped(int32_t k, int32_t size) { return k < 0 ? 0 : k < size ? k : size - 1; }

// One source row in the scratch. A column outside the image reads the first or last pixel of the row.
struct StagedRow {
  const PixelPlace& staged;
  int32_t first, width;

  __device__ __forceinline__ uint32_t at(int32_t column) const {
    return packed_pixel(staged, first + clamped(column, width));
  }
};
__device__ __forceinline__ StagedRow staged_row(const BlockImage& image, const PixelPlace& staged, int32_t row) {
  return {staged, clamped(row, image.height) * image.width, image.width};
}

struct WarpedPixel {
  uint32_t pixel;
  bool doubt;
};

__device__ __forceinline__ float small_float(uint32_t pixel, int c) {
  return bit_cast<float>(kByteBias | (pixel >> (8 * c) & 255u)) - bit_cast<float>(kByteBias);
}

// Writes channel c of a pixel. `level` is the interpolated level, with an error below `bound`, and `whole` is `level`
// truncated. `different` has bits in the byte of channel c if the neighbours differ in that channel: then the result is
// `whole`, clamped to [0, 255]. Otherwise all neighbours have the level `same`, which is the exact result.
__device__ __forceinline__ void put_level(WarpedPixel& to, int c, float level, int32_t whole, int32_t same,
                                          uint32_t different, float bound) {
  const bool varied = (different >> (8 * c) & 255u) != 0;
  to.pixel |= static_cast<uint32_t>(varied ? clamp_whole(whole) : same) << (8 * c);
  to.doubt = to.doubt || (varied && near_integer(level, whole, bound));
}

struct LinearFilter {
  static __device__ __forceinline__ WarpedPixel rounded(const BlockImage& image, const PixelPlace& staged,
                                                        const AxisPoint& y, const AxisPoint& x) {
    const StagedRow above = staged_row(image, staged, y.index), below = staged_row(image, staged, y.index + 1);
    const uint32_t a = above.at(x.index), b = above.at(x.index + 1), c = below.at(x.index), d = below.at(x.index + 1);
    const uint32_t different = (a ^ b) | (c ^ d) | (a ^ c);
    WarpedPixel found = {0, false};
#pragma unroll
    for (int color = 0; color < kColors; ++color) {
      const float p = small_float(a, color), q = small_float(b, color);
      const float r = small_float(c, color), s = small_float(d, color);
      const float upper = p + (q - p) * x.t, lower = r + (s - r) * x.t;
      const float level = upper + (lower - upper) * y.t;
      put_level(found, color, level, static_cast<int32_t>(level), level_of(a, color), different, kLinearBound);
    }
    return found;
  }

  static __device__ __forceinline__ uint32_t exact(const BlockImage& image, const PixelPlace& staged,
                                                   const WarpPoint& at) {
    const StagedRow above = staged_row(image, staged, at.row), below = staged_row(image, staged, at.row + 1);
    return linear_pixel(above.at(at.column), above.at(at.column + 1), below.at(at.column), below.at(at.column + 1),
                        at.x, at.y);
  }
};

struct CubicFilter {
  static __device__ __forceinline__ WarpedPixel rounded(const BlockImage& image, const PixelPlace& staged,
                                                        const AxisPoint& y, const AxisPoint& x) {
    float across[4], down[4], levels[kColors] = {};
    cubic_weights(x.t, across[0], across[1], across[2], across[3]);
    cubic_weights(y.t, down[0], down[1], down[2], down[3]);
    uint32_t first = 0, different = 0;
#pragma unroll
    for (int32_t j = 0; j < 4; ++j) {
      const StagedRow row = staged_row(image, staged, y.index - 1 + j);
      uint32_t taps[4];
#pragma unroll
      for (int32_t i = 0; i < 4; ++i) {
        taps[i] = row.at(x.index - 1 + i);
        if (i == 0 && j == 0) first = taps[0];
        different |= taps[i] ^ first;
      }
#pragma unroll
      for (int color = 0; color < kColors; ++color) {
        const float level = across[0] * small_float(taps[0], color) + across[1] * small_float(taps[1], color) +
                            across[2] * small_float(taps[2], color) + across[3] * small_float(taps[3], color);
        levels[color] += down[j] * level;
      }
    }
    WarpedPixel found = {0, false};
#pragma unroll
    for (int color = 0; color < kColors; ++color) {
      put_level(found, color, levels[color], static_cast<int32_t>(levels[color]), level_of(first, color), different,
                kCubicBound);
    }
    return found;
  }

  static __device__ __forceinline__ uint32_t exact(const BlockImage& image, const PixelPlace& staged,
                                                   const WarpPoint& at) {
    uint32_t pixel = 0;
#pragma unroll 1
    for (int color = 0; color < kColors; ++color) {
      double rows[4];
#pragma unroll
      for (int32_t j = 0; j < 4; ++j) {
        const StagedRow row = staged_row(image, staged, at.row - 1 + j);
        rows[j] = cubic_row_level(row.at(at.column - 1), row.at(at.column), row.at(at.column + 1),
                                  row.at(at.column + 2), color, at.x);
      }
      pixel |= static_cast<uint32_t>(clamp_level(cubic(rows[0], rows[1], rows[2], rows[3], at.y))) << (8 * color);
    }
    return pixel;
  }
};

template <typename Filter>
__device__ __forceinline__ void warp_image(BlockImage& image, const Matrix& matrix, uint32_t fill, int32_t exactness) {
  const PixelPlace staged = image.stage();
  const WarpAxis columns(matrix.m, image.width, (exactness & warp_exactness::kColumns) != 0);
  const WarpAxis rows(matrix.m + 3, image.height, (exactness & warp_exactness::kRows) != 0);
  image.each_pixel([&](uint32_t k, int32_t y, int32_t x) {
    const AxisPoint column = columns.at(y, x), row = rows.at(y, x);
    WarpedPixel found = {fill, false};
    if (column.inside && row.inside) found = Filter::rounded(image, staged, row, column);
    if (found.doubt || column.doubt || row.doubt) {
      const WarpPoint at = warp_point(matrix.m, static_cast<double>(y) + 0.5, x, image.height, image.width);
      found.pixel = at.inside ? Filter::exact(image, staged, at) : fill;
    }
    store_pixel(image.out, image.pixels, k, found.pixel);
  });
  image.arrive(image.out);
}

// Pillow, too, computes nearest warps in fixed point with 16 fraction bits, so no pixel is in doubt.
__device__ __forceinline__ void warp_nearest(BlockImage& image, const FixedMatrix& matrix, uint32_t fill) {
  const PixelPlace staged = image.stage();
  const int32_t* const m = matrix.m;
  image.each_pixel([&](uint32_t k, int32_t y, int32_t x) {
    const int32_t column = (m[2] + m[1] * y + m[0] * x) >> 16, row = (m[5] + m[4] * y + m[3] * x) >> 16;
    const bool inside = column >= 0 && column < image.width && row >= 0 && row < image.height;
    store_pixel(image.out, image.pixels, k, inside ? packed_pixel(staged, row * image.width + column) : fill);
  });
  image.arrive(image.out);
}

}  // namespace fastmix
