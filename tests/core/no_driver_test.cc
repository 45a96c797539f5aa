// The real CUDA build where there is no driver or no GPU: a clear exception, and the process goes on.
#include <cstdio>
#include <string>

#include "base/error.h"
#include "mix/mix.h"

int main() {
  float data[8] = {};
  const void* in[2] = {data, data + 4};
  fastmix::Plan plan(2);
  for (int i = 0; i < 2; ++i) {
    plan.rows[i].partner = 1 - i;
    plan.rows[i].weight_out = 0.5f;
  }
  fastmix::MixParams params;
  params.in = in;
  params.out = data;
  params.out_stride = params.elements = params.width = 4;
  params.in_place = true;
  params.plan = plan.view();
  // Twice: the first failure leaves nothing behind that changes the second.
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      fastmix::mix_cuda(params, nullptr);
      std::fputs("mix_cuda did not throw: is a GPU visible? Run this with CUDA_VISIBLE_DEVICES empty.\n", stderr);
      return 1;
    } catch (const fastmix::CudaError& error) {
      std::puts(error.what());
    }
  }
  std::puts("the process goes on");
  return 0;
}
