// A corpus kept by coverage: an input that reaches new code is kept, and mutated further. Needs gcc's
// -fsanitize-coverage=trace-pc; without it the corpus stays as it was.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

namespace fastmix::test {

using Bytes = std::vector<uint8_t>;

constexpr size_t kEdges = 1 << 16;
// How often each edge between two blocks was passed by the current input.
inline uint8_t edge_counts[kEdges];
inline uintptr_t last_block = 0;
inline bool recording = false;

struct Corpus {
  std::vector<Bytes> inputs;
  size_t originals = 0, edges = 0;  // of `inputs`, how many were given; how many edges were passed
};

// Runs every input, then `executions` mutations of inputs, half of them of two joined ones.
template <typename Mutate, typename Run>
Corpus fuzz(std::vector<Bytes> originals, int executions, std::mt19937& random, Mutate&& mutate, Run&& run) {
  Corpus corpus{{}, originals.size(), 0};
  std::vector<uint8_t> seen(kEdges);  // a bit for each power of two of a count
  const auto is_new = [&](const Bytes& input) {
    std::fill_n(edge_counts, kEdges, uint8_t{0});
    last_block = 0;
    recording = true;
    run(input);
    recording = false;
    bool found = false;
    for (size_t edge = 0; edge < kEdges; ++edge) {
      if (edge_counts[edge] == 0) continue;
      const auto bit = static_cast<uint8_t>(1 << (std::bit_width(edge_counts[edge]) - 1));
      corpus.edges += seen[edge] == 0;
      found |= (seen[edge] & bit) == 0;
      seen[edge] |= bit;
    }
    return found;
  };
  for (Bytes& input : originals) {
    is_new(input);
    corpus.inputs.push_back(std::move(input));
  }
  const auto any = [&]() -> const Bytes& { return corpus.inputs[random() % corpus.inputs.size()]; };
  for (int i = 0; i < executions; ++i) {
    Bytes input = any();
    if (random() % 2 == 0 && !input.empty()) {
      const Bytes& other = any();
      input.resize(random() % input.size());
      if (!other.empty()) input.insert(input.end(), other.begin() + random() % other.size(), other.end());
    }
    input = mutate(std::move(input), random);
    if (is_new(input)) corpus.inputs.push_back(std::move(input));
  }
  return corpus;
}

inline void print(const Corpus& corpus) {
  std::printf("corpus %zu originals %zu edges %zu\n", corpus.inputs.size(), corpus.originals, corpus.edges);
}

}  // namespace fastmix::test

// Called by gcc's instrumentation at every block.
extern "C" __attribute__((no_sanitize_coverage, no_sanitize("address", "undefined"), used)) inline void
__sanitizer_cov_trace_pc() {
  using namespace fastmix::test;
  if (!recording) return;
  // Relative, so that a run can be repeated wherever the program is loaded.
  const auto block =
      reinterpret_cast<uintptr_t>(__builtin_return_address(0)) - reinterpret_cast<uintptr_t>(&__sanitizer_cov_trace_pc);
  uint8_t& count = edge_counts[(block * 0x9E3779B97F4A7C15u >> 40 ^ last_block) % kEdges];
  count += count < 255;
  last_block = block * 0x9E3779B97F4A7C15u >> 41;
}
