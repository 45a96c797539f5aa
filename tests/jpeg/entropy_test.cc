// entropy_test SEED COUNT FILE...: fastmix's reading of coefficients against libjpeg's, of the files and of COUNT
// damaged ones: the same pixels wherever ours takes a file, and of whole pictures nothing taken that libjpeg warns of.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "reading.h"

namespace {

using namespace fastmix::test;

// Compares the readers on a random part of a file, and counts what became of it.
class Comparison {
 public:
  explicit Comparison(std::mt19937& random) : random_(random) {}

  // `whole`: nothing was damaged, so that ours has to take what libjpeg takes.
  void run(const Bytes& file, bool whole) {
    const auto share = [&] { return static_cast<double>(random_() % 1000) / 1000; };
    const unsigned reduction = 1u << random_() % 4;
    const bool all = random_() % 4 == 0;
    const Part part =
        all ? Part{reduction, 0, 1, 0} : Part{reduction, share(), share(), random_() % 2 == 0 ? 0.0 : share()};
    Bytes expected, found;
    const bool taken = decode(file, Reader::kLibjpeg, part, expected);
    // Ours does not read what lies between the part and the next restart marker, and sees no damage there.
    if (!taken) decode(file, Reader::kLibjpegInSpiteOfWarnings, part, expected);
    for (const Reader reader : readers_) {
      const bool is = decode(file, reader, part, found);
      const bool right = is ? (taken || !all) && found == expected : !whole || !taken;
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
  print(fuzz(files, std::stoi(argv[2]), random, damaged, run));
  std::printf("%d %d %d\n", comparison.both, comparison.neither, comparison.only_libjpeg);
}
