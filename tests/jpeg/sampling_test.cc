// Windows that JpegDecoder decodes, of every sampling, scale, kind of scan and restart interval, against libjpeg's
// decoding of the whole.
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

// After <cstdio>, whose FILE it uses.
#include <jpeglib.h>

#include "jpeg_decoder.h"

using namespace fastmix;

namespace {

constexpr int kHeight = 107, kWidth = 141;
constexpr int kComponents = 3;

enum Scans { kOneScan, kScanEach, kProgressive, kIncomplete, kKindsOfScans };

struct Factors {
  int h, v;
};

struct Errors {
  jpeg_error_mgr manager;
  std::jmp_buf escape;
};

void refuse(j_common_ptr jpeg) { std::longjmp(reinterpret_cast<Errors*>(jpeg->err)->escape, 1); }

template <typename Jpeg>
void use(Jpeg& jpeg, Errors& errors) {
  std::memset(&jpeg, 0, sizeof jpeg);
  jpeg.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = refuse;
  errors.manager.output_message = [](j_common_ptr) {};
}

void set_scans(jpeg_compress_struct& jpeg, Scans scans, std::vector<jpeg_scan_info>& script) {
  if (scans == kProgressive) jpeg_simple_progression(&jpeg);
  if (scans == kScanEach) script = {{1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
  // Half of the frequencies, and not to the last bit.
  if (scans == kIncomplete) {
    script = {{1, {0}, 0, 0, 0, 0}, {1, {1}, 0, 0, 0, 0}, {1, {2}, 0, 0, 0, 0}, {1, {0}, 1, 5, 0, 2}};
  }
  if (script.empty()) return;
  jpeg.scan_info = script.data();
  jpeg.num_scans = static_cast<int>(script.size());
}

// Empty where libjpeg does not write such files.
std::vector<uint8_t> write(const Factors (&factors)[kComponents], Scans scans, unsigned restart_interval,
                           const std::vector<uint8_t>& pixels) {
  jpeg_compress_struct jpeg;
  Errors errors;
  use(jpeg, errors);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  std::vector<jpeg_scan_info> script;
  std::vector<uint8_t> file;
  jpeg_create_compress(&jpeg);
  if (!setjmp(errors.escape)) {
    jpeg_mem_dest(&jpeg, &memory, &size);
    jpeg.image_height = kHeight;
    jpeg.image_width = kWidth;
    jpeg.input_components = kComponents;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 90, TRUE);
    for (int i = 0; i < kComponents; ++i) {
      jpeg.comp_info[i].h_samp_factor = factors[i].h;
      jpeg.comp_info[i].v_samp_factor = factors[i].v;
    }
    jpeg.restart_interval = restart_interval;
    set_scans(jpeg, scans, script);
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < kHeight; ++y) {
      auto row = const_cast<JSAMPROW>(pixels.data() + static_cast<size_t>(y) * kWidth * kComponents);
      jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    file.assign(memory, memory + size);
  }
  jpeg_destroy_compress(&jpeg);
  std::free(memory);
  return file;
}

// The whole picture at this scale; empty where libjpeg does not read it.
std::vector<uint8_t> read_whole(const std::vector<uint8_t>& file, int reduction, Size& size) {
  jpeg_decompress_struct jpeg;
  Errors errors;
  use(jpeg, errors);
  std::vector<uint8_t> pixels;
  jpeg_create_decompress(&jpeg);
  if (!setjmp(errors.escape)) {
    jpeg_mem_src(&jpeg, file.data(), file.size());
    jpeg_read_header(&jpeg, TRUE);
    jpeg.scale_num = 1;
    jpeg.scale_denom = static_cast<unsigned>(reduction);
    jpeg.out_color_space = JCS_RGB;
    jpeg.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&jpeg);
    size = {static_cast<int32_t>(jpeg.output_height), static_cast<int32_t>(jpeg.output_width)};
    pixels.resize(static_cast<size_t>(size.height) * size.width * kComponents);
    while (jpeg.output_scanline < jpeg.output_height) {
      JSAMPROW row = pixels.data() + static_cast<size_t>(jpeg.output_scanline) * size.width * kComponents;
      jpeg_read_scanlines(&jpeg, &row, 1);
    }
  } else {
    pixels.clear();
  }
  jpeg_destroy_decompress(&jpeg);
  return pixels;
}

struct Counts {
  int windows = 0, left = 0, wrong = 0;
};

void compare(const std::vector<uint8_t>& file, int reduction, const Window& window, const std::string& name,
             Counts& counts) {
  Size size;
  const std::vector<uint8_t> whole = read_whole(file, reduction, size);
  const auto shrunk = [&](float side) { return std::max(static_cast<int32_t>(side / (3 * reduction)), 1); };
  const Size out = {shrunk(window.height), shrunk(window.width)};
  JpegDecoder decoder;
  if (reduction_for(window, out) != reduction) return;
  std::vector<uint8_t> part;
  bool done = decoder.open(file.data(), file.size(), {kHeight, kWidth}, window, out, Filter::kBilinear);
  if (done) {
    const Region& region = decoder.reduced_region().stored;
    part.resize(static_cast<size_t>(region.height) * region.width * kComponents);
    done = decoder.decode(part.data());
  }
  ++counts.windows;
  if (!done) {
    ++counts.left;
    return;
  }
  const Region region = decoder.reduced_region().stored;
  bool same = !whole.empty();
  for (int32_t y = 0; same && y < region.height; ++y) {
    const size_t bytes = static_cast<size_t>(region.width) * kComponents;
    const size_t from = (static_cast<size_t>(region.y + y) * size.width + region.x) * kComponents;
    same = std::memcmp(part.data() + y * bytes, whole.data() + from, bytes) == 0;
  }
  if (same) return;
  ++counts.wrong;
  std::fprintf(stderr, "%s at 1/%d, window (%g, %g, %g, %g): other pixels than the whole picture has\n", name.c_str(),
               reduction, window.y, window.x, window.height, window.width);
}

void compare_all(const Factors (&factors)[kComponents], Scans scans, const std::vector<uint8_t>& pixels,
                 std::mt19937& random, Counts& counts) {
  const unsigned restart_interval = random() % 2 == 0 ? 0 : 1 + random() % 12;
  const std::vector<uint8_t> file = write(factors, scans, restart_interval, pixels);
  if (file.empty()) return;
  std::string name =
      "scans " + std::to_string(scans) + ", restarts every " + std::to_string(restart_interval) + ", factors";
  for (const Factors& factor : factors) name += " " + std::to_string(factor.h) + "x" + std::to_string(factor.v);
  for (int reduction : {1, 2, 4, 8}) {
    const auto least = static_cast<float>(3 * reduction);
    compare(file, reduction, {0, 0, kHeight, kWidth}, name, counts);
    for (int k = 0; k < 4; ++k) {
      const auto between = [&](float low, float high) {
        return std::uniform_real_distribution<float>(low, high)(random);
      };
      const float height = between(least, kHeight), width = between(least, kWidth);
      compare(file, reduction, {between(0, kHeight - height), between(0, kWidth - width), height, width}, name, counts);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::mt19937 random(argc > 1 ? std::atoi(argv[1]) : 0);
  std::vector<uint8_t> pixels(kHeight * kWidth * kComponents);
  for (uint8_t& value : pixels) value = static_cast<uint8_t>(random());
  for (int scans = 0; scans < kKindsOfScans; ++scans) {
    Counts counts;
    for (int luma = 0; luma < 16; ++luma) {
      for (int chroma = 0; chroma < 16; ++chroma) {
        const int other = random() % 4 == 0 ? static_cast<int>(random() % 16) : chroma;
        const Factors factors[kComponents] = {
            {luma % 4 + 1, luma / 4 + 1}, {chroma % 4 + 1, chroma / 4 + 1}, {other % 4 + 1, other / 4 + 1}};
        compare_all(factors, static_cast<Scans>(scans), pixels, random, counts);
      }
    }
    std::printf("%d %d %d\n", counts.windows, counts.left, counts.wrong);
  }
  return 0;
}
