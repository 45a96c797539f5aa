// The structure checks: what they say of files made here, and that no file makes them read beyond it.
// structure_test SEED COUNT FILE...: tries COUNT mutations of the files.
#include "structure.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "../core/check.h"
#include "jpeg_structure.h"
#include "mutate.h"

using namespace fastmix;
using test::Bytes;

namespace {

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Bytes text(const std::string& characters) { return {characters.begin(), characters.end()}; }
Bytes big_endian(uint32_t number, size_t bytes) {
  Bytes result(bytes);
  for (size_t i = 0; i < bytes; ++i) result[i] = static_cast<uint8_t>(number >> 8 * (bytes - 1 - i));
  return result;
}
Bytes little_endian(uint32_t number) {
  const Bytes bytes = big_endian(number, 4);
  return {bytes.rbegin(), bytes.rend()};
}

Bytes segment(uint8_t marker, const Bytes& content) {
  return Bytes{0xFF, marker} + big_endian(static_cast<uint32_t>(content.size()) + 2, 2) + content;
}
const Bytes kStart = {0xFF, 0xD8}, kEnd = {0xFF, 0xD9};
Bytes frame(uint32_t height, uint32_t width, uint8_t marker = 0xC0) {
  return segment(marker, Bytes{8} + big_endian(height, 2) + big_endian(width, 2) + Bytes{1, 1, 0x11, 0});
}
const Bytes kScan = segment(0xDA, {1, 1, 0, 0, 63, 0}) + Bytes{0x12, 0xFF, 0, 0xFF, 0xD0, 0x34};
const Bytes kExif = segment(0xE1, text(std::string("Exif\0\0MM", 8)));

Bytes chunk(const std::string& name, const Bytes& content) {
  return big_endian(static_cast<uint32_t>(content.size()), 4) + text(name) + content + Bytes(4);
}
Bytes png(uint32_t side, const Bytes& chunks) {
  return text("\x89PNG\r\n\x1A\n") + chunk("IHDR", big_endian(side, 4) + big_endian(side, 4) + Bytes(5)) + chunks;
}
Bytes webp(const Bytes& chunks) { return text("RIFF") + Bytes(4) + text("WEBP") + chunks; }
Bytes webp_chunk(const std::string& name, uint32_t length, const Bytes& content) {
  return text(name) + little_endian(length) + content;
}

Kind kind(const Bytes& file) { return kind_of(file.data(), file.size()); }
bool sound(const Bytes& file) { return sound_header(kind(file), file.data(), file.size()); }
bool sound_all(const Bytes& file) { return sound_body(kind(file), file.data(), file.size()); }
bool ends(const Bytes& file) { return complete(kind(file), file.data(), file.size()); }
Bytes clear(const Bytes& file) { return unambiguous(kind(file), file.data(), file.size()); }

TEST(a_format_is_known_by_its_first_bytes) {
  CHECK(kind(kStart) == Kind::kJpeg && kind(png(1, {})) == Kind::kPng && kind(webp({})) == Kind::kWebp);
  CHECK(kind(text(std::string("II*\0", 4))) == Kind::kTiff && kind(text("BM")) == Kind::kBmp);
  CHECK(kind(text("P6\n1 1")) == Kind::kPnm && kind(text("P7\n")) == Kind::kUnknown);
  CHECK(kind({}) == Kind::kUnknown && kind(text("no image")) == Kind::kUnknown);
}

TEST(formats_that_are_not_decoded_reach_no_decoder) {
  const Bytes others[] = {Bytes(4) + text("ftypheic"), {0, 0, 1, 0}, {0xFF, 0x0A}};
  const Bytes guests[] = {text("GIF89a"),
                          Bytes(4) + text("ftypavif"),
                          text(std::string("\0\0\0\x0CjP  \r\n\x87\n", 12)),
                          {0xFF, 0x4F, 0xFF, 0x51}};
  for (const bool guest : {false, true}) {
    for (const Bytes& file : others) CHECK(admission_of(kind(file), guest) == Status::kUnsupported);
    for (const Bytes& file : guests)
      CHECK(admission_of(kind(file), guest) == (guest ? Status::kOk : Status::kUnsupported));
    CHECK(admission_of(Kind::kUnknown, guest) == Status::kUnknownFormat);
    CHECK(admission_of(Kind::kTiff, guest) == Status::kOk);
  }
}

TEST(png_chunks_lie_in_the_file) {
  const Bytes end = chunk("IEND", {});
  CHECK(sound(png(1, end)) && !sound(png(1, {})));
  CHECK(!sound(png(1, Bytes{0xFF, 0xFF, 0xFF, 0xFF} + text("eXIf") + end)));
  CHECK(!sound(png(60000, end)));  // as many pixels are in no 57 bytes
}

TEST(webp_chunks_lie_in_the_file) {
  CHECK(sound(webp(webp_chunk("VP8L", 2, {1, 2}))) && !sound(webp(webp_chunk("EXIF", 0xFFFFFFFF, {1, 2}))));
}

TEST(odd_webp_chunks_include_their_padding) {
  const Bytes rest = webp_chunk("EXIF", 2, {4, 5});
  CHECK(clear(webp(webp_chunk("VP8L", 3, {1, 2, 3, 0}) + rest)) == webp(webp_chunk("VP8L", 4, {1, 2, 3, 0}) + rest));
  CHECK(clear(webp(webp_chunk("VP8L", 2, {1, 2}) + rest)).empty());
}

TEST(scans_of_a_jpeg_are_counted) {
  Bytes file = kStart + frame(8, 8);
  for (int i = 0; i < kMostScans; ++i) file = file + kScan;
  CHECK(sound_all(file + kEnd) && !sound_all(file + kScan + kEnd));
}

TEST(a_jpeg_claims_what_its_bytes_can_hold) {
  const Bytes rest = kScan + kEnd;
  CHECK(sound(kStart + frame(64, 64) + rest) && !sound(kStart + frame(60000, 60000) + rest));
  const JpegHeader header = jpeg_header((kStart + frame(7, 9, 0xC2) + rest).data(), 64);
  CHECK(header.framed && header.progressive && !header.arithmetic && header.height == 7 && header.width == 9);
}

TEST(the_end_of_a_jpeg_is_found) {
  const Bytes start = kStart + frame(8, 8) + kScan;
  CHECK(ends(start + kEnd) && ends(start + kEnd + text("more")) && !ends(start));
  // That one belongs to a thumbnail.
  CHECK(!ends(kStart + segment(0xE1, kStart + kEnd) + frame(8, 8) + kScan));
}

TEST(the_first_exif_segment_counts) {
  const Bytes rest = frame(8, 8) + kScan + kEnd;
  Bytes other = kExif;
  other[4] = 'X';
  CHECK(clear(kStart + kExif + rest).empty());
  CHECK(clear(kStart + kExif + kExif + kExif + rest) == kStart + kExif + other + other + rest);
}

// Of one strip, 10 rows of 4 bytes at 200.
Bytes tiff(uint32_t compression, uint32_t offset, uint32_t count, uint16_t offsets_tag = 273) {
  const auto entry = [](uint32_t tag, uint32_t value) {
    return Bytes{static_cast<uint8_t>(tag >> 8), static_cast<uint8_t>(tag), 0, 4, 0, 0, 0, 1} + big_endian(value, 4);
  };
  Bytes file = text(std::string("MM\0*\0\0\0\x08\0\x07", 10)) + entry(256, 4) + entry(257, 10) + entry(258, 8) +
               entry(259, compression) + entry(offsets_tag, offset) + entry(278, 10) + entry(279, count);
  file.resize(240);
  return file;
}

TEST(strips_of_a_tiff_lie_in_the_file) {
  CHECK(sound(tiff(1, 200, 40)) && !sound(tiff(1, 201, 40)) && !sound(tiff(1, 500, 40)));
  // The rows decide, or the number of compressed bytes.
  CHECK(sound(tiff(1, 200, 99)) && !sound(tiff(1, 201, 1)) && sound(tiff(5, 230, 10)) && !sound(tiff(5, 230, 11)));
  CHECK(!sound(tiff(1, 200, 40, 300)) && sound(tiff(6, 200, 40, 300)) && sound(text(std::string("II*\0", 4))));
}

TEST(pnm_becomes_binary_and_of_full_range) {
  CHECK(clear(text("P5 2 1 255\n\x01\x02")).empty() && clear(text("P4 2 1\n\x01")).empty());
  CHECK(clear(text("P5 2 1 100\n\x32\x64")) == text("P5 2 1 255\n\x80\xFF"));
  CHECK(clear(text("P2 # by hand\n2 1\n3\n1 # one\n 3")) == text("P5 2 1 255\n\x55\xFF"));
  const Bytes wide = {0, 0, 0x80, 0, 0xFF, 0xFF}, bits = {0, 255, 255, 0};
  CHECK(clear(text("P3 1 1 1000\n0 500 2000")) == text("P6 1 1 65535\n") + wide);
  CHECK(clear(text("P1 2 2 10\n0 1")) == text("P5 2 2 255\n") + bits);
  CHECK(!sound(text("P6 9999 9999 255\n....")) && !sound(text("P5 0 1 255\n.")) && !sound(text("P5 1 1 0\n.")));
}

// In memory of exactly its size, so that the sanitiser sees a read beyond it.
void examine(const Bytes& file) {
  const Bytes exact(file.data(), file.data() + file.size());
  const Kind found = kind(exact);
  complete(found, exact.data(), exact.size());
  sound_body(found, exact.data(), exact.size());
  if (sound_header(found, exact.data(), exact.size())) unambiguous(found, exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
  for (const test::Test& test : test::tests()) test.body();
  std::mt19937 random(argc > 1 ? std::atoi(argv[1]) : 0);
  std::vector<Bytes> files;
  for (int k = 3; k < argc; ++k) {
    std::ifstream stream(argv[k], std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  if (!files.empty()) test::print(test::fuzz(files, std::atoi(argv[2]), random, test::mutated, examine));
  std::printf("%zu\n", test::tests().size());
  return 0;
}
