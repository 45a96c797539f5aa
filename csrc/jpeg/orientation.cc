#include "orientation.h"

namespace fastmix {

namespace {

constexpr uint32_t kOrientationTag = 0x0112, kShort = 3, kTiffMagic = 42;
constexpr size_t kEntryBytes = 12;

// Numbers in the byte order that the header says; the caller keeps inside the data.
struct Tiff {
  const uint8_t* data;
  bool big_endian;

  uint32_t u16(size_t at) const {
    return big_endian ? uint32_t{data[at]} << 8 | data[at + 1] : uint32_t{data[at + 1]} << 8 | data[at];
  }
  uint32_t u32(size_t at) const { return big_endian ? u16(at) << 16 | u16(at + 2) : u16(at + 2) << 16 | u16(at); }
};

}  // namespace

int32_t exif_orientation(const uint8_t* exif, size_t size) {
  if (size < 8 || exif[0] != exif[1] || (exif[0] != 'I' && exif[0] != 'M')) return 0;
  const Tiff tiff = {exif, exif[0] == 'M'};
  const size_t directory = tiff.u32(4);
  if (tiff.u16(2) != kTiffMagic || directory < 8 || directory > size - 2) return 0;
  const size_t entries = tiff.u16(directory);
  if (entries > (size - directory - 2) / kEntryBytes) return 0;
  int32_t found = 1;
  bool seen = false;
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntryBytes;
    if (tiff.u16(entry) != kOrientationTag) continue;
    const uint32_t value = tiff.u16(entry + 8);
    if (seen || tiff.u16(entry + 2) != kShort || tiff.u32(entry + 4) != 1 || value < 1 || value > 8) return 0;
    found = static_cast<int32_t>(value);
    seen = true;
  }
  return found;
}

Turn turn_of(int32_t orientation) {
  constexpr Turn kTurns[] = {{false, false, false}, {false, false, true}, {false, true, true}, {false, true, false},
                             {true, false, false},  {true, false, true},  {true, true, true},  {true, true, false}};
  return kTurns[orientation - 1];
}

}  // namespace fastmix
