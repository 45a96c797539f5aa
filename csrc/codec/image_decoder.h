// Decodes a part of an image with nvImageCodec or a GuestDecoder on the calling thread, whatever the bytes are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "guest_decoder.h"
#include "kind.h"
#include "nvimgcodec_library.h"
#include "resample/window.h"

namespace fastmix {

// One per thread. Neither copied nor moved: nvImageCodec holds its address.
class ImageDecoder {
 public:
  // `guest` may be null.
  explicit ImageDecoder(const NvImageCodec& codec, GuestDecoder guest = nullptr);
  ~ImageDecoder();
  ImageDecoder(const ImageDecoder&) = delete;
  ImageDecoder& operator=(const ImageDecoder&) = delete;

  // Reads the header. Until the next open() the bytes must stay, and if kOk is returned size() is known and
  // decode() may be called. `max_pixels` is compared before anything of the image's size is allocated.
  Status open(const uint8_t* data, size_t size, int64_t max_pixels);

  // Upright, as Exif says.
  Size size() const { return size_; }
  // Whether the pixels are stored as they are shown.
  bool stored_upright() const {
    const nvimgcodecOrientation_t& orientation = info_.orientation;
    return orientation.rotated == 0 && orientation.flip_x == 0 && orientation.flip_y == 0;
  }

  // RGB (region.height, region.width, 3), densely packed, upright. 16 bits become round(value * 255 / 65535). The
  // region of Kind::kGuest is the whole image. False if the bytes that the region needs are damaged; `out` is undefined
  // then. Throws std::bad_alloc.
  bool decode(const Region& region, uint8_t* out);

 private:
  bool decode_as(nvimgcodecSampleDataType_t type, size_t bytes, const Region& region, void* out);

  Status open_guest(const uint8_t* data, size_t size, int64_t max_pixels);
  bool decode_guest(uint8_t* out) const;

  const NvImageCodec& codec_;
  const GuestDecoder guest_;
  nvimgcodecExecutorDesc_t executor_;
  nvimgcodecDecoder_t decoder_ = nullptr;
  // Reused from image to image.
  nvimgcodecCodeStream_t stream_ = nullptr, part_ = nullptr;
  nvimgcodecImage_t image_ = nullptr;

  // Of the current image.
  const uint8_t* data_ = nullptr;
  size_t bytes_ = 0;
  std::vector<uint8_t> copy_;
  Kind kind_ = Kind::kUnknown;
  nvimgcodecImageInfo_t info_;
  Size size_;
};

}  // namespace fastmix
