#include "kind.h"

#include <algorithm>
#include <string_view>

namespace fastmix {

namespace {

using namespace std::string_view_literals;

struct Signature {
  size_t at;
  std::string_view bytes;
  Kind kind;
};

constexpr Signature kSignatures[] = {
    {0, "\xFF\xD8"sv, Kind::kJpeg},
    {0, "\x89PNG\r\n\x1A\n"sv, Kind::kPng},
    {8, "WEBP"sv, Kind::kWebp},
    {0, "BM"sv, Kind::kBmp},
    {0, "II*\0"sv, Kind::kTiff},
    {0, "MM\0*"sv, Kind::kTiff},
    {0, "II+\0"sv, Kind::kTiff},
    {0, "MM\0+"sv, Kind::kTiff},
    {4, "JXL "sv, Kind::kOther},
    {0, "\xFF\x0A"sv, Kind::kOther},
    {0, "GIF8"sv, Kind::kGuest},
    {4, "ftypavif"sv, Kind::kGuest},
    {4, "ftypavis"sv, Kind::kGuest},
    // HEIF, or AVIF with that name second.
    {4, "ftypmif1"sv, Kind::kGuest},
    {4, "ftypmsf1"sv, Kind::kGuest},
    // JPEG 2000, more loosely than its format says: nothing that OpenJPEG might accept may reach it, since damaged
    // files make OpenJPEG 2.5.3, which nvImageCodec 0.9 contains, write to freed memory.
    {0, "\0\0\0\x0C"sv, Kind::kGuest},
    {0, "\xFF\x4F"sv, Kind::kGuest},
    {4, "ftyp"sv, Kind::kOther},
    {0, "\0\0\1\0"sv, Kind::kOther},
};

}  // namespace

Kind kind_of(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  for (const Signature& signature : kSignatures) {
    if (size >= signature.at && file.substr(signature.at).starts_with(signature.bytes)) return signature.kind;
  }
  const bool pnm = size >= 3 && file[0] == 'P' && file[1] >= '1' && file[1] <= '6';
  return pnm && " \t\n\v\f\r#"sv.find(file[2]) != std::string_view::npos ? Kind::kPnm : Kind::kUnknown;
}

Status admission_of(Kind kind, bool guest) {
  switch (kind) {
    case Kind::kUnknown:
      return Status::kUnknownFormat;
    case Kind::kOther:
      return Status::kUnsupported;
    case Kind::kGuest:
      return guest ? Status::kOk : Status::kUnsupported;
    default:
      return Status::kOk;
  }
}

}  // namespace fastmix
