#include "traffic_table.h"

#include <cstdio>
#include <numeric>

#include "every_kernel.h"
#include "host_cuda.h"

namespace fastmix::test {

namespace {

using host_cuda::Watch;

int64_t total(const std::vector<uint16_t>& counts) { return std::accumulate(counts.begin(), counts.end(), int64_t{0}); }

struct Traffic {
  double read, written;
};

Traffic traffic_of(const KernelRun& run) {
  const Watch out(run.out->data(), run.out->size());
  std::vector<std::unique_ptr<Watch>> inputs;
  for (const Region& region : run.inputs) inputs.push_back(std::make_unique<Watch>(region.data, region.size));
  run.start();
  int64_t read = total(out.reads);
  for (const auto& input : inputs) read += total(input->reads);
  return {static_cast<double>(read) / run.elements, static_cast<double>(total(out.writes)) / run.elements};
}

}  // namespace

void print_traffic() {
  for (const Mixing mixing : {Mixing::kAllBlended, Mixing::kWholeMasks}) {
    for (const Pairs pairs : {Pairs::kFlip, Pairs::kCycle}) {
      Random random(31);
      for (const KernelRun& run : every_kernel(random, pairs, mixing)) {
        const Traffic traffic = traffic_of(run);
        std::printf(R"({"kernel": "%s%s", "dtype": "%s", "layout": "%s", "partners": "%s", "read": %.3f, )"
                    R"("written": %.3f})",
                    run.kernel.c_str(), mixing == Mixing::kWholeMasks ? ", masks" : "", run.dtype.c_str(),
                    run.layout.c_str(), pairs == Pairs::kFlip ? "pairs" : "one cycle", traffic.read, traffic.written);
        std::puts("");
      }
    }
  }
}

}  // namespace fastmix::test
