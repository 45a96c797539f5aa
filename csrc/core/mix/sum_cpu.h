// What jobs share whose outputs are weighted sums of samples: tiles, float64 sums and their one rounding.
#pragma once

#include <algorithm>
#include <cstdint>

#include "mix/mix.h"
#include "simd/kernels.h"

namespace fastmix {

struct SumTarget {
  void* out = nullptr;
  int64_t out_stride = 0;  // elements
  int32_t outputs = 0;
  DType dtype = DType::kF32;
  int64_t elements = 0;  // of one output
};

class SumJob : public CpuJob {
 public:
  int64_t tasks() const final { return tiles_ * target_.outputs; }

  void run(int64_t begin, int64_t end) const final {
    double sum[kTile];
    for (int64_t task = begin; task < end; ++task) {
      const int32_t output = static_cast<int32_t>(task % target_.outputs);
      const int64_t first = task / target_.outputs * kTile;
      const int64_t last = std::min(target_.elements, first + kTile);
      std::fill(sum, sum + (last - first), 0.0);
      void* out = static_cast<unsigned char*>(target_.out) + (output * target_.out_stride + first) * item_;
      if (copies(out, output, first, last)) continue;
      add_terms(sum, output, first, last);
      kernels_.store(target_.dtype, out, sum, last - first);
    }
  }

 protected:
  explicit SumJob(const SumTarget& target)
      : target_(target),
        item_(size_of(target.dtype)),
        tiles_((target.elements + kTile - 1) / kTile),
        kernels_(cpu_kernels()) {}

  // Adds the terms of elements [first, last) of an output to `sum`, in the order of the CUDA kernel.
  virtual void add_terms(double* sum, int32_t output, int64_t first, int64_t last) const = 0;
  // Writes an output that is no sum but a copy; false if it is a sum.
  virtual bool copies(void*, int32_t, int64_t, int64_t) const { return false; }

  // sum[0 ... n) += weight * in[begin ... begin + n)
  void add(double* sum, const void* in, int64_t begin, int64_t n, double weight) const {
    kernels_.accumulate(target_.dtype, sum, static_cast<const unsigned char*>(in) + begin * item_, weight, n);
  }
  int64_t item() const { return item_; }
  const CpuKernels& kernels() const { return kernels_; }

 private:
  static constexpr int64_t kTile = 2048;

  const SumTarget target_;
  const int64_t item_, tiles_;
  const CpuKernels& kernels_;
};

}  // namespace fastmix
