// Decodes of one file what a window shows: fastmix's JPEG decoder first, nvImageCodec or a GuestDecoder for the rest
// and nvImageCodec as judge of damage. The result depends on the file and the window only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include "image_decoder.h"

namespace fastmix {

// What resample_mix needs: a part of the image, uint8 (height, width, 3) RGB, upright, and the window in it. If the
// status is not kOk, one black pixel.
struct DecodedWindow {
  Status status = Status::kOk;
  std::shared_ptr<uint8_t[]> pixels;
  Size size;
  Window window;

  static DecodedWindow failed(Status status);
};

struct WindowRequest {
  Size image;  // upright, as ImageDecoder::size() has it
  Window window;
  Size out;
  Filter filter;
  bool own_jpeg = true;  // whether fastmix's JPEG decoder comes first
};

// The caller gave a size that the file does not have.
class WrongSize : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// One per thread.
class WindowDecoder {
 public:
  explicit WindowDecoder(const NvImageCodec& codec, GuestDecoder guest = nullptr) : decoder_(codec, guest) {}

  // Whether the file is a whole JPEG of the request's size, stored upright, which a GPU may be given. Allocates nothing
  // of the image's size.
  bool suits_gpu(const uint8_t* data, size_t size, const WindowRequest& request, int64_t max_pixels);

  // Throws WrongSize and std::bad_alloc.
  DecodedWindow decode(const uint8_t* data, size_t size, const WindowRequest& request, int64_t max_pixels);

 private:
  bool decode_whole(const Region& region, uint8_t* out);

  ImageDecoder decoder_;
};

}  // namespace fastmix
