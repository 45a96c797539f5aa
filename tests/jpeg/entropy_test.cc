// entropy_test SEED COUNT FILE...: fastmix's reading of coefficients against libjpeg's, of the files and of COUNT
// damaged ones: the same pixels wherever both take a file, and nothing taken that libjpeg warns of.
#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "../fuzz/corpus.h"
#include "entropy_decoder.h"

namespace {

using fastmix::test::Bytes;

enum class Reader { kLibjpeg, kOurs, kOursWithBmi2 };

// Which part, and how small.
struct Part {
  unsigned reduction;
  double left, width, top;  // of the picture
};

struct Jump : jpeg_error_mgr {
  std::jmp_buf escape;
};

[[noreturn]] void leave(j_common_ptr jpeg) { std::longjmp(static_cast<Jump*>(jpeg->err)->escape, 1); }

// RGB rows; false where libjpeg, or ours, is not content.
bool decode(const Bytes& file, Reader reader, const Part& part, Bytes& pixels) {
  jpeg_decompress_struct jpeg;
  Jump errors;
  jpeg.err = jpeg_std_error(&errors);
  errors.error_exit = leave;
  errors.emit_message = [](j_common_ptr jpeg, int level) {
    if (level < 0) leave(jpeg);
  };
  pixels.clear();
  if (setjmp(errors.escape)) {
    jpeg_destroy_decompress(&jpeg);
    return false;
  }
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, file.data(), file.size());
  jpeg_read_header(&jpeg, TRUE);
  constexpr JDIMENSION kMost = 4096;  // damaged headers ask for anything
  if (jpeg.image_width > kMost || jpeg.image_height > kMost) leave(reinterpret_cast<j_common_ptr>(&jpeg));
  jpeg.scale_denom = part.reduction;
  jpeg.out_color_space = jpeg.num_components == 1 ? JCS_GRAYSCALE : jpeg.num_components == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_start_decompress(&jpeg);
  auto left = static_cast<JDIMENSION>(part.left * jpeg.output_width);
  JDIMENSION width = std::max(1u, static_cast<JDIMENSION>(part.width * (jpeg.output_width - left)));
  jpeg_crop_scanline(&jpeg, &left, &width);
  if (reader != Reader::kLibjpeg)
    fastmix::read_coefficients_faster(&jpeg, left, width, reader == Reader::kOursWithBmi2);
  jpeg_skip_scanlines(&jpeg, static_cast<JDIMENSION>(part.top * (jpeg.output_height - 1)));
  const size_t pitch = static_cast<size_t>(jpeg.output_width) * jpeg.output_components;
  while (jpeg.output_scanline < jpeg.output_height) {
    pixels.resize(pixels.size() + pitch);
    JSAMPROW row = pixels.data() + pixels.size() - pitch;
    if (jpeg_read_scanlines(&jpeg, &row, 1) != 1) leave(reinterpret_cast<j_common_ptr>(&jpeg));
  }
  jpeg_abort_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return true;
}

// Cut off, with something that may be a marker behind, or with bits or bytes changed, most of them behind the header.
Bytes damaged(Bytes file, std::mt19937& random) {
  if (file.size() < 4) return file;
  const auto below = [&](size_t end) { return static_cast<size_t>(random() % end); };
  if (below(8) == 0) {
    const Bytes endings[] = {{}, {0xFF}, {0xFF, 0xFF}, {0xFF, 0xFF, 0x00}, {0xFF, 0xD0}, {0xFF, 0xFF, 0xD9}};
    const Bytes& ending = endings[below(6)];
    file.resize(below(2) == 0 ? file.size() - 2 : 1 + below(file.size() - 1));  // the last two are a marker
    file.insert(file.end(), ending.begin(), ending.end());
    return file;
  }
  const size_t header = below(4) == 0 ? 0 : std::min<size_t>(file.size() - 1, 620);
  for (size_t change = 1 + below(4); change != 0; --change) {
    uint8_t& byte = file[header + below(file.size() - header)];
    const uint8_t marks[] = {0x00, 0xFF, 0xD0, 0xD9};
    byte = below(2) == 0 ? marks[below(4)] : static_cast<uint8_t>(byte ^ 1u << below(8));
  }
  return file;
}

// Compares the readers on a random part of a file, and counts what became of it.
class Comparison {
 public:
  explicit Comparison(std::mt19937& random) : random_(random) {}

  // `whole`: nothing was damaged, so that ours has to take what libjpeg takes.
  void run(const Bytes& file, bool whole) {
    const auto share = [&] { return static_cast<double>(random_() % 1000) / 1000; };
    const Part part = {1u << random_() % 4, share(), share(), random_() % 2 == 0 ? 0.0 : share()};
    Bytes expected, found;
    const bool taken = decode(file, Reader::kLibjpeg, part, expected);
    for (const Reader reader : readers_) {
      const bool is = decode(file, reader, part, found);
      const bool right = is ? taken && found == expected : !whole || !taken;
      if (!right) {
        std::fprintf(stderr, "1/%u: libjpeg %s, ours %s%s\n", part.reduction, taken ? "takes it" : "does not",
                     is ? "takes it" : "does not", is && taken ? ", other pixels" : "");
        std::exit(1);
      }
      ++(is ? both : taken ? only_libjpeg : neither);
    }
  }

  int both = 0, neither = 0, only_libjpeg = 0;

 private:
  std::mt19937& random_;
  const std::vector<Reader> readers_ =
      fastmix::has_bmi2() ? std::vector{Reader::kOurs, Reader::kOursWithBmi2} : std::vector{Reader::kOurs};
};

}  // namespace

int main(int argc, char** argv) {
  std::mt19937 random(static_cast<unsigned>(std::stoul(argv[1])));
  Comparison comparison(random);
  std::vector<Bytes> files;
  for (int k = 3; k < argc; ++k) {
    std::ifstream stream(argv[k], std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    comparison.run(files.back(), true);
  }
  const auto run = [&](const Bytes& file) { comparison.run(file, false); };
  fastmix::test::print(fastmix::test::fuzz(files, std::stoi(argv[2]), random, damaged, run));
  std::printf("%d %d %d\n", comparison.both, comparison.neither, comparison.only_libjpeg);
}
