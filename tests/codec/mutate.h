// Files of known seeds, damaged in the ways that break decoders.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "../fuzz/corpus.h"

namespace fastmix::test {

// 1 to 6 changes: bits, bytes, numbers of two and four bytes, cuts, runs, deletions, insertions; most near the start.
inline Bytes mutated(Bytes file, std::mt19937& random) {
  constexpr uint32_t kNumbers[] = {0, 1, 2, 8, 255, 256, 20000, 65535, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
  const auto below = [&](size_t end) { return static_cast<size_t>(random() % std::max<size_t>(end, 1)); };
  const auto random_bytes = [&](size_t count) {
    Bytes bytes(count);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    return bytes;
  };
  for (size_t changes = 1 + below(6); changes > 0 && file.size() > 16; --changes) {
    const size_t at = below(random() % 2 == 0 ? std::min<size_t>(file.size(), 600) : file.size());
    const size_t run = std::min(1 + below(40), file.size() - at);
    switch (random() % 7) {
      case 0:
        file[at] ^= static_cast<uint8_t>(1 << random() % 8);
        break;
      case 1:
        file[at] = static_cast<uint8_t>(kNumbers[below(5)]);
        break;
      case 2: {
        const uint32_t number = kNumbers[below(std::size(kNumbers))];
        const size_t bytes = random() % 2 == 0 ? 2 : 4;
        const bool big_endian = random() % 2 == 0;
        for (size_t i = 0; i < bytes && at + i < file.size(); ++i) {
          file[at + i] = static_cast<uint8_t>(number >> 8 * (big_endian ? bytes - 1 - i : i));
        }
        break;
      }
      case 3:
        if (random() % 3 == 0) file.resize(at);
        break;
      case 4: {
        const Bytes bytes = random_bytes(run);
        std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<ptrdiff_t>(at));
        break;
      }
      case 5:
        file.erase(file.begin() + static_cast<ptrdiff_t>(at), file.begin() + static_cast<ptrdiff_t>(at + run));
        break;
      default: {
        const Bytes bytes = random_bytes(run);
        file.insert(file.begin() + static_cast<ptrdiff_t>(at), bytes.begin(), bytes.end());
      }
    }
  }
  return file;
}

}  // namespace fastmix::test
