// transcode_test SEED COUNT FILE...: transcodes the files and COUNT damaged ones: libjpeg takes the file and the result
// without a warning, and makes the same pixels of them.
#include "transcode.h"

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

constexpr Part kWhole = {1, 0, 1, 0};
int taken = 0, left = 0;

void run(const Bytes& file, std::mt19937& random) {
  const unsigned interval = 1 + random() % 5;
  // Sometimes too little.
  Bytes result(random() % 4 == 0 ? file.size() / 2 : 2 * file.size() + 4096);
  const size_t size = fastmix::transcode(file.data(), file.size(), interval, result.data(), result.size());
  if (size == 0) {
    ++left;
    return;
  }
  ++taken;
  result.resize(size);
  Bytes before, after;
  // Pictures of more pixels than decode() takes are not compared.
  const bool compared = decode(file, Reader::kLibjpeg, kWhole, before);
  const bool same = decode(result, Reader::kLibjpeg, kWhole, after) == compared && before == after;
  // fastmix's reader refuses more than libjpeg's, and may not do so because of what transcoding does.
  const bool ours = !decode(file, Reader::kOurs, kWhole, before) || decode(result, Reader::kOurs, kWhole, after);
  if (same && ours) return;
  std::fprintf(stderr, "interval %u: %s\n", interval, same ? "fastmix does not read the result" : "other pixels");
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  std::mt19937 random(static_cast<unsigned>(std::stoul(argv[1])));
  std::vector<Bytes> files;
  for (int k = 3; k < argc; ++k) {
    std::ifstream stream(argv[k], std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  print(fuzz(files, std::stoi(argv[2]), random, damaged, [&](const Bytes& file) { run(file, random); }));
  std::printf("%d %d\n", taken, left);
}
