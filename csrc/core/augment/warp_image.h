// Geometric operations on an image in cache.
#pragma once

#include <cstdint>

#include "augment/augment_kernels.h"
#include "augment/image_buffers.h"
#include "augment/sample_plan.h"

namespace fastmix {

// Applies a shear, a translation or a rotation.
void warp_image(ImageBuffers& image, const AugmentKernels& kernels, const SampleOperation& operation);

void flip_horizontally(ImageBuffers& image, const AugmentKernels& kernels);
void flip_vertically(ImageBuffers& image);

// Output pixel (y, x) copies input pixel (y + word[0], x + word[1]). Pixels outside the image have the colour in the
// low 24 bits of word[2]. If bit 24 is set, they show the image reflected at its border pixel, which is not repeated.
void pad_crop(ImageBuffers& image, const SampleOperation& operation);

// Fills the part of the operation's box that lies inside the image.
void erase(ImageBuffers& image, const SampleOperation& operation);

}  // namespace fastmix
