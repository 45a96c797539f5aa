// The base class of jobs whose outputs are weighted sums of samples. It adds up a tile (a range of elements) in
// float64, then rounds each element once.
#pragma once

#include <algorithm>
#include <cstdint>

#include "mix/mix.h"
#include "simd/kernels.h"

namespace fastmix {

struct SumOutputs {
  void* out = nullptr;
  int64_t out_stride = 0;  // elements from one output to the next
  int32_t count = 0;
  DType dtype = DType::kF32;
  int64_t elements = 0;  // number of elements per output
};

class SumJob : public CpuJob {
 public:
  int64_t tasks() const final { return tiles_ * outputs_.count; }

  void run(int64_t begin, int64_t end) const final {
    double sum[kTile];
    for (int64_t task = begin; task < end; ++task) {
      const int32_t output = static_cast<int32_t>(task % outputs_.count);
      const int64_t first = task / outputs_.count * kTile;
      const int64_t last = std::min(outputs_.elements, first + kTile);
      std::fill(sum, sum + (last - first), 0.0);
      void* out = static_cast<unsigned char*>(outputs_.out) + (output * outputs_.out_stride + first) * item_;
      if (copies(out, output, first, last)) continue;
      add_terms(sum, output, first, last);
      kernels_.store(outputs_.dtype, out, sum, last - first);
    }
  }

 protected:
  explicit SumJob(const SumOutputs& outputs)
      : outputs_(outputs),
        item_(size_of(outputs.dtype)),
        tiles_((outputs.elements + kTile - 1) / kTile),
        kernels_(cpu_kernels()) {}

  // Adds the terms of elements [first, last) of an output to `sum`, in the CUDA kernel's order.
  virtual void add_terms(double* sum, int32_t output, int64_t first, int64_t last) const = 0;
  // If the output is a plain copy of one sample, writes it and returns true.
  virtual bool copies(void*, int32_t, int64_t, int64_t) const { return false; }

  // sum[0 ... n) += weight * in[begin ... begin + n)
  void add(double* sum, const void* in, int64_t begin, int64_t n, double weight) const {
    kernels_.accumulate(outputs_.dtype, sum, static_cast<const unsigned char*>(in) + begin * item_, weight, n);
  }
  int64_t item() const { return item_; }
  const CpuKernels& kernels() const { return kernels_; }

 private:
  static constexpr int64_t kTile = 2048;

  const SumOutputs outputs_;
  const int64_t item_, tiles_;
  const CpuKernels& kernels_;
};

}  // namespace fastmix
