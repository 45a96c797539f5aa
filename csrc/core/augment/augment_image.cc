#include "augment/augment_image.h"

#include <algorithm>
#include <cstring>

#include "augment/warp.h"
#include "augment/warp_image.h"

namespace fastmix {

namespace {

Histogram histogram_of(const ImageBuffers& image) {
  Histogram histogram = {};
  const int64_t pixels = image.pixels();
  for (int32_t c = 0; c < kColors; ++c) {
    const uint8_t* const in = image.now(c);
    // Counts in four tables, used in turn. With one table, if two neighbouring pixels had the same level, the second
    // addition would have to wait for the first.
    uint32_t counts[4][kLevels] = {};
    int64_t k = 0;
    for (; k + 8 <= pixels; k += 8) {
      uint64_t eight;
      std::memcpy(&eight, in + k, sizeof(eight));
      for (int part = 0; part < 8; ++part) ++counts[part % 4][(eight >> (8 * part)) & 0xff];
    }
    for (; k < pixels; ++k) ++counts[0][in[k]];
    for (int32_t v = 0; v < kLevels; ++v) {
      histogram.count[c][v] = counts[0][v] + counts[1][v] + counts[2][v] + counts[3][v];
    }
  }
  return histogram;
}

// Blurs vertically with three box filters, one after the other. The result is in image.now().
void blur_columns(ImageBuffers& image, const AugmentKernels& kernels, const BoxWeights& box, int64_t height,
                  int64_t width) {
  uint32_t* const sums = image.packed_row(width);
  for (int pass = 0; pass < 3; ++pass) {
    for (int32_t c = 0; c < kColors; ++c) {
      const uint8_t* const in = image.now(c);
      const auto row = [&](int64_t y) { return in + std::clamp<int64_t>(y, 0, height - 1) * width; };
      std::fill_n(sums, width, 0u);
      for (int64_t y = -1 - box.radius; y < box.radius; ++y) {
        for (int64_t x = 0; x < width; ++x) sums[x] += row(y)[x];
      }
      for (int64_t y = 0; y < height; ++y) {
        const uint8_t* const above = row(y - box.radius - 1);
        kernels.blur_row(image.spare(c) + y * width, sums, row(y + box.radius), above, above, row(y + box.radius + 1),
                         box.inner, box.edge, width);
      }
    }
    image.swap();
  }
}

void transpose(ImageBuffers& image, const AugmentKernels& kernels, int64_t height, int64_t width) {
  for (int32_t c = 0; c < kColors; ++c) kernels.transpose(image.spare(c), image.now(c), height, width);
  image.swap();
}

}  // namespace

bool keeps_pixels(const SampleRow& row, const SampleOperation* operations) {
  if (row.flips_horizontally() || row.flips_vertically()) return false;
  return std::all_of(operations, operations + row.count,
                     [](const SampleOperation& operation) { return operation.opcode() == Opcode::kIdentity; });
}

uint8_t* ImageAugmenter::run(const SampleRow& row, const SampleOperation* operations, uint8_t* planes) {
  image_.start(planes);
  pending_ = false;
  histogram_.reset();
  if (row.flips_horizontally()) flip_horizontally(image_, kernels_);
  if (row.flips_vertically()) flip_vertically(image_);
  for (int32_t k = 0; k < row.count; ++k) apply(operations[k]);
  flush();
  return image_.now();
}

void ImageAugmenter::run(const SampleRow& row, const SampleOperation* operations, Scratch& planes) {
  uint8_t* const given = bytes_of(planes, image_.bytes());
  if (run(row, operations, given) != given) image_.give_spare(planes);
}

void ImageAugmenter::apply(const SampleOperation& operation) {
  const Opcode opcode = operation.opcode();
  if (opcode == Opcode::kIdentity) return;
  if (is_table(opcode)) return add(table_of(operation));
  const float a = operation.value(0);
  switch (opcode) {
    case Opcode::kAutoContrast:
      return add(auto_contrast_table(extremes()));
    case Opcode::kEqualize:
      return add(equalize_table(pending_ ? through(table_, histogram()) : histogram()));
    case Opcode::kContrast:
      return add(contrast_table(luma_sum(), image_.pixels(), a));
    default:
      break;
  }
  flush();
  switch (opcode) {
    case Opcode::kColor:
      saturate(a);
      break;
    case Opcode::kGrayscale:
      saturate(0.0f);
      break;
    case Opcode::kHue:
      kernels_.turn_hue(image_.now(0), image_.now(1), image_.now(2), static_cast<int32_t>(a * 255.0) & 255,
                        image_.pixels());
      break;
    case Opcode::kSharpness:
      sharpen(a);
      break;
    case Opcode::kGaussianBlur:
      blur(a);
      break;
    case Opcode::kEraseConstant:
      erase(image_, operation);
      break;
    case Opcode::kPadCrop:
      pad_crop(image_, operation);
      break;
    case Opcode::kAugMixBegin:
      std::memcpy(image_.kept(), image_.now(), image_.bytes());
      return accumulate(a, true);
    case Opcode::kAugMixChainEnd:
      accumulate(a, false);
      std::memcpy(image_.now(), image_.kept(), image_.bytes());
      break;
    case Opcode::kAugMixEnd:
      end_mix(a, operation.value(1));
      break;
    default:
      warp_image(image_, kernels_, operation);
      break;
  }
  histogram_.reset();
}

void ImageAugmenter::add(const LevelTable& table) {
  if (pending_) {
    compose(table_, table);
  } else {
    table_ = table;
  }
  pending_ = !table_.is_identity();
}

void ImageAugmenter::flush() {
  if (!pending_) return;
  pending_ = false;
  if (histogram_) histogram_ = through(table_, *histogram_);
  if (table_.same_for_all_channels()) {
    kernels_.look_up(image_.now(), image_.now(), table_.to[0], image_.bytes());
    return;
  }
  for (int32_t c = 0; c < kColors; ++c) {
    kernels_.look_up(image_.now(c), image_.now(c), table_.to[c], image_.pixels());
  }
}

const Histogram& ImageAugmenter::histogram() {
  if (!histogram_) histogram_ = histogram_of(image_);
  return *histogram_;
}

Extremes ImageAugmenter::extremes() {
  if (histogram_) return extremes_of(pending_ ? through(table_, *histogram_) : *histogram_);
  const auto stored = [&] {
    Extremes extremes;
    for (int32_t c = 0; c < kColors; ++c) {
      kernels_.extremes(image_.now(c), image_.pixels(), extremes.low[c], extremes.high[c]);
    }
    return extremes;
  };
  Extremes extremes = stored();
  if (!pending_ || through_monotone(table_, extremes)) return extremes;
  flush();
  return stored();
}

uint64_t ImageAugmenter::luma_sum() {
  flush();
  return kernels_.luma_sum(image_.now(0), image_.now(1), image_.now(2), image_.pixels());
}

void ImageAugmenter::saturate(float factor) {
  if (factor == 1.0f) return;
  kernels_.saturate(image_.now(0), image_.now(1), image_.now(2), factor, image_.pixels());
}

void ImageAugmenter::sharpen(float factor) {
  const int64_t height = image_.height(), width = image_.width();
  if (factor == 1.0f || height < 3 || width < 3) return;
  for (int32_t c = 0; c < kColors; ++c) {
    const uint8_t* const in = image_.now(c);
    uint8_t* const out = image_.spare(c);
    std::memcpy(out, in, width);
    for (int64_t y = 1; y < height - 1; ++y) {
      const uint8_t* const at = in + y * width;
      uint8_t* const to = out + y * width;
      to[0] = at[0];
      to[width - 1] = at[width - 1];
      kernels_.sharpen(to, at - width, at, at + width, factor, width);
    }
    std::memcpy(out + (height - 1) * width, in + (height - 1) * width, width);
  }
  image_.swap();
}

void ImageAugmenter::blur(float sigma) {
  if (sigma == 0.0f) return;
  const BoxWeights box = box_weights(sigma);
  const int64_t height = image_.height(), width = image_.width();
  transpose(image_, kernels_, height, width);
  blur_columns(image_, kernels_, box, width, height);
  transpose(image_, kernels_, width, height);
  blur_columns(image_, kernels_, box, height, width);
}

void ImageAugmenter::accumulate(float weight, bool start) {
  kernels_.accumulate(image_.sum(), image_.now(), weight, start, image_.bytes());
}

void ImageAugmenter::end_mix(float of_kept, float of_sum) {
  kernels_.weighted_sum(image_.now(), image_.kept(), image_.sum(), of_kept, of_sum, image_.bytes());
}

}  // namespace fastmix
