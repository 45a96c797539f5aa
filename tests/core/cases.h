// Random plans and batches for the tests, and the oracle: plain loops over the shared formulas.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "mix/mix.h"
#include "normalize_mix/normalize_mix.h"

namespace fastmix::test {

using Random = std::mt19937;

enum class Pairs { kIdentity, kFlip, kCycle, kPermutation, kRepeats };
constexpr Pairs kPermutations[] = {Pairs::kIdentity, Pairs::kFlip, Pairs::kCycle, Pairs::kPermutation};
constexpr Pairs kAnyPairs[] = {Pairs::kIdentity, Pairs::kFlip, Pairs::kCycle, Pairs::kPermutation, Pairs::kRepeats};

enum class Mixing { kNoBox, kBoxes, kAllBlended, kMasks, kWholeMasks };

inline void set_partners(Plan& plan, const std::vector<int32_t>& partner) {
  for (int32_t i = 0; i < plan.batch(); ++i) plan.rows[i].partner = partner[i];
}

// Weights of every sort (0, 1, tiny, any) and boxes of every sort (empty, everything, any). kAllBlended: weights
// between 0 and 1 only, no box. kMasks: boxes, masks of any size and with or without frames, shared or not, and
// neither. kWholeMasks: every sample is blended by a soft mask of its own, as large as the image.
Plan random_plan(Random& random, int32_t batch, Pairs pairs, Mixing mixing, int64_t height, int64_t width,
                 int64_t depth = 1);

// The own weight of sample i at pixel (t, y, x) of images of this size.
float weight_at(const PlanView& plan, int32_t i, const Extent& image, int64_t t, int64_t y, int64_t x);

// `bytes` bytes whose address is `offset` beyond a multiple of 64, and none to spare: an overrun is seen.
class Memory {
 public:
  Memory(size_t bytes, size_t offset) : offset_(offset), size_(bytes) {
    data_ = static_cast<unsigned char*>(::operator new(bytes + offset, std::align_val_t{64})) + offset;
  }
  ~Memory() { ::operator delete(data_ - offset_, std::align_val_t{64}); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  unsigned char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  unsigned char* data_;
  size_t offset_, size_;
};

struct Shape {
  int64_t channels, height, width;
  bool channels_last;
  int64_t elements() const { return channels * height * width; }
};

// Random values of a type; with `specials` also infinities, NaNs, zeros of both signs and subnormals.
void fill_random(Random& random, DType dtype, unsigned char* data, int64_t count, bool specials);

// A batch with its parameters. In place, `out` holds the inputs.
struct MixCase {
  MixCase(Random& random, DType dtype, Shape shape, Plan plan, bool in_place, size_t misalignment);
  MixParams params;
  Plan plan;
  std::unique_ptr<Memory> in, out;
  std::vector<const void*> pointers;
  int64_t sample_bytes() const { return params.elements * size_of(params.dtype); }
  std::string describe() const;
};

struct NormalizeCase {
  NormalizeCase(Random& random, DType dtype, Layout layout, Shape shape, Plan plan, bool mirror, size_t misalignment);
  NormalizeMixParams params;
  Plan plan;
  std::unique_ptr<Memory> in, out;
  std::vector<const uint8_t*> pointers;
  std::vector<uint8_t> mirror;
  int64_t elements() const { return params.height * params.width * params.channels; }
  std::string describe() const;
};

std::vector<unsigned char> naive_mix(const MixParams& params);
std::vector<unsigned char> naive_backward(const MixParams& params);
std::vector<unsigned char> naive_normalize(const NormalizeMixParams& params);

// The first element in which two arrays differ, or -1. Two NaNs are equal: their payload is not promised.
int64_t first_difference(DType dtype, const unsigned char* a, const unsigned char* b, int64_t count);

void run_job(const CpuJob& job);

}  // namespace fastmix::test
