// ImageDecoder on good and on mutated files: pixels only where they belong, regions as in the whole, no crash.
// decoder_test LIBRARY SEED COUNT FILE...: mutates each file COUNT times. Prints how many files each outcome has.
// decoder_test LIBRARY: prints why the library is refused.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>

#include "../core/check.h"
#include "image_decoder.h"
#include "mutate.h"

using namespace fastmix;
using test::Bytes;

namespace {

constexpr int64_t kMostPixels = 4'000'000;
constexpr size_t kCanary = 4096;
constexpr uint8_t kSong = 0xA5;
constexpr size_t kChannels = 3;

// Empty if it is damaged.
std::optional<Bytes> decoded(ImageDecoder& decoder, const Region& region) {
  const size_t size = static_cast<size_t>(region.height) * region.width * kChannels;
  Bytes pixels(size + kCanary, kSong);
  const bool done = decoder.decode(region, pixels.data());
  CHECK(std::all_of(pixels.begin() + static_cast<ptrdiff_t>(size), pixels.end(), [](uint8_t c) { return c == kSong; }),
        "pixels behind the region");
  if (!done) return std::nullopt;
  pixels.resize(size);
  return pixels;
}

Region part_of(Size size, std::mt19937& random) {
  const auto below = [&](int32_t end) { return static_cast<int32_t>(random() % static_cast<uint32_t>(end)); };
  const int32_t height = 1 + below(size.height), width = 1 + below(size.width);
  return {below(size.height - height + 1), below(size.width - width + 1), height, width};
}

void check_regions(ImageDecoder& decoder, const Bytes& file, const std::string& name, std::mt19937& random) {
  const Status status = decoder.open(file.data(), file.size(), kMostPixels);
  CHECK(status == Status::kOk, name, ": ", text_of(status).name);
  const Size size = decoder.size();
  const auto whole = decoded(decoder, {0, 0, size.height, size.width});
  CHECK(whole.has_value(), name);
  for (int i = 0; i < 4; ++i) {
    const Region region = part_of(size, random);
    const auto part = decoded(decoder, region);
    CHECK(part.has_value(), name);
    for (int32_t y = 0; y < region.height; ++y) {
      const size_t bytes = region.width * kChannels;
      const auto row = part->begin() + static_cast<ptrdiff_t>(y * bytes);
      const size_t at = (static_cast<size_t>(region.y + y) * size.width + region.x) * kChannels;
      CHECK(std::equal(row, row + static_cast<ptrdiff_t>(bytes), whole->begin() + static_cast<ptrdiff_t>(at)), name);
    }
  }
}

std::string outcome(ImageDecoder& decoder, const Bytes& file, std::mt19937& random) {
  const Status status = decoder.open(file.data(), file.size(), kMostPixels);
  if (status != Status::kOk) return text_of(status).name;
  const Size size = decoder.size();
  CHECK(size.height > 0 && size.width > 0 && int64_t{size.height} * size.width <= kMostPixels);
  const Region whole = {0, 0, size.height, size.width};
  return decoded(decoder, random() % 2 == 0 ? whole : part_of(size, random)) ? "ok" : "refused";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) {
    std::puts(test::message_of([&] { NvImageCodec::get(argv[1]); }).c_str());
    return 0;
  }
  ImageDecoder decoder(NvImageCodec::get(argv[1]));
  std::mt19937 random(std::atoi(argv[2]));
  std::map<std::string, int> counts;
  for (char** name = argv + 4; *name != nullptr; ++name) {
    std::ifstream stream(*name, std::ios::binary);
    const Bytes file{std::istreambuf_iterator<char>(stream), {}};
    check_regions(decoder, file, *name, random);
    for (int i = 0; i < std::atoi(argv[3]); ++i) ++counts[outcome(decoder, test::mutated(file, random), random)];
    check_regions(decoder, file, *name, random);
  }
  for (const auto& [name, count] : counts) std::printf("%s %d\n", name.c_str(), count);
  return 0;
}
