// Geometric operations on an image in cache.
#pragma once

#include <cstdint>

#include "augment/augment_kernels.h"
#include "augment/image_buffers.h"
#include "augment/sample_plan.h"

namespace fastmix {

// Shears, translations and rotations.
void warp_image(ImageBuffers& image, const AugmentKernels& kernels, const SampleOperation& operation);

void flip_horizontally(ImageBuffers& image, const AugmentKernels& kernels);
void flip_vertically(ImageBuffers& image);

// Output pixel (y, x) reads (y + word 0, x + word 1). Outside the image it reads a colour, or the image reflected
// without repeating its edge.
void pad_crop(ImageBuffers& image, const SampleOperation& operation);

// Fills a rectangle, clipped at the borders.
void erase(ImageBuffers& image, const SampleOperation& operation);

}  // namespace fastmix
