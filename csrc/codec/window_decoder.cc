#include "window_decoder.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "jpeg_structure.h"
#include "structure.h"

#if defined(FASTMIX_CODEC_JPEG)
#include "jpeg_decoder.h"
#endif

namespace fastmix {

namespace {

constexpr size_t kChannels = 3;

size_t bytes_of(int32_t height, int32_t width) { return static_cast<size_t>(height) * width * kChannels; }

std::shared_ptr<uint8_t[]> allocate(int32_t height, int32_t width) {
  return std::make_shared_for_overwrite<uint8_t[]>(bytes_of(height, width));
}

#if defined(FASTMIX_CODEC_JPEG)
// False if the file is left to nvImageCodec.
bool decode_jpeg(const uint8_t* data, size_t size, const WindowRequest& request, DecodedWindow& decoded) {
  JpegDecoder decoder;
  const bool ours = decoder.open(data, size, request.image, request.window, request.out, request.filter);
  if (ours) {
    const Region& region = decoder.reduced_region().region;
    decoded = {Status::kOk,
               allocate(region.height, region.width),
               {region.height, region.width},
               decoder.reduced_region().window};
    if (decoder.decode(decoded.pixels.get())) return true;
  }
  // nvImageCodec would give up too, by the same library, and leak what libjpeg-turbo had allocated. The reason is in
  // headers and tables, or in one of several scans, which are all read before the first row: it holds for every window.
  if (decoder.gave_up()) decoded = DecodedWindow::failed(Status::kDamaged);
  return decoder.gave_up();
}

std::optional<bool> has_all_rows(const uint8_t* data, size_t size) { return JpegDecoder::has_all_rows(data, size); }
#else
std::optional<bool> has_all_rows(const uint8_t*, size_t) { return std::nullopt; }
bool decode_jpeg(const uint8_t*, size_t, const WindowRequest&, DecodedWindow&) { return false; }
#endif

}  // namespace

DecodedWindow DecodedWindow::failed(Status status) {
  return {status, std::make_shared<uint8_t[]>(kChannels), {1, 1}, {0, 0, 1, 1}};
}

DecodedWindow WindowDecoder::decode(const uint8_t* data, size_t size, const WindowRequest& request,
                                    int64_t max_pixels) {
  if (max_pixels > 0 && request.image.height > max_pixels / request.image.width) {
    return DecodedWindow::failed(Status::kTooLarge);
  }
  const Kind kind = kind_of(data, size);
  const bool whole_file = complete(kind, data, size);
  DecodedWindow decoded;
  const bool ours = request.own_jpeg && kind == Kind::kJpeg && whole_file && sound_header(kind, data, size);
  if (ours && decode_jpeg(data, size, request, decoded)) return decoded;

  const Status status = decoder_.open(data, size, max_pixels);
  if (status != Status::kOk) return DecodedWindow::failed(status);
  const Size found = decoder_.size();
  if (found.height != request.image.height || found.width != request.image.width) {
    throw WrongSize(concat("an image of ", request.image.height, " x ", request.image.width,
                           " pixels, got a file with ", found.height, " x ", found.width));
  }
  std::vector<uint8_t> ended;
  if (!whole_file) {
    // nvImageCodec looks for an end marker in vain, and leaks what it had decoded. With one, it would make up rows.
    const std::optional<bool> all_rows = has_all_rows(data, size);
    if (all_rows == false) return DecodedWindow::failed(Status::kTruncated);
    ended.assign(data, data + size);
    ended.insert(ended.end(), {0xFF, 0xD9});
    if (all_rows == true && decoder_.open(ended.data(), ended.size(), max_pixels) != Status::kOk) {
      return DecodedWindow::failed(Status::kTruncated);
    }
  }
  const Region region = seen_region(request.filter, request.window, request.image, request.out);
  decoded = {Status::kOk,
             allocate(region.height, region.width),
             {region.height, region.width},
             within(request.window, region)};
  // Of some files the libraries decode only the rows or tiles of a window, and an incomplete progressive JPEG is
  // smoothed across the window's border: decoded as a whole, every window gets the same verdict and the same pixels.
  const bool progressive = kind == Kind::kJpeg && jpeg_header(data, size).progressive;
  const bool as_whole = !whole_file || progressive || kind == Kind::kTiff || kind == Kind::kGuest;
  const bool done =
      as_whole ? decode_whole(region, decoded.pixels.get()) : decoder_.decode(region, decoded.pixels.get());
  if (done) return decoded;
  if (!whole_file) return DecodedWindow::failed(Status::kTruncated);
  // Of other files the rows below a window may not be looked at. libwebp decodes whole images.
  return DecodedWindow::failed(as_whole || kind == Kind::kWebp ? Status::kDamaged : Status::kWindowDamaged);
}

bool WindowDecoder::suits_gpu(const uint8_t* data, size_t size, const WindowRequest& request, int64_t max_pixels) {
  if (!is_whole_jpeg(kind_of(data, size), data, size)) return false;
  if (decoder_.open(data, size, max_pixels) != Status::kOk || !decoder_.stored_upright()) return false;
  return decoder_.size().height == request.image.height && decoder_.size().width == request.image.width;
}

bool WindowDecoder::decode_whole(const Region& region, uint8_t* out) {
  const Size size = decoder_.size();
  if (region.height == size.height && region.width == size.width) return decoder_.decode(region, out);
  const auto whole = std::make_unique_for_overwrite<uint8_t[]>(bytes_of(size.height, size.width));
  if (!decoder_.decode({0, 0, size.height, size.width}, whole.get())) return false;
  for (int32_t y = 0; y < region.height; ++y) {
    const uint8_t* row = whole.get() + bytes_of(region.y + y, size.width) + region.x * kChannels;
    std::copy_n(row, bytes_of(1, region.width), out + bytes_of(y, region.width));
  }
  return true;
}

}  // namespace fastmix
