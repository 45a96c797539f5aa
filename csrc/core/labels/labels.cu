// Computes dense targets, one thread per cell.
#include <algorithm>
#include <type_traits>

#include "cuda/kernel_plan_launch.h"
#include "cuda/vector_io.h"
#include "formula/label_math.h"
#include "labels/labels.h"

namespace fastmix {

namespace {

constexpr uint32_t kMostThreads = 256;

struct LabelArgs {
  const int64_t* labels;
  const int64_t* partner_labels;
  float* out;
  int64_t classes;
  uint32_t batch;
  double on, off;
};

template <typename Plan>
__global__ void __launch_bounds__(kMostThreads)
    labels_kernel(const __grid_constant__ Plan plan, const __grid_constant__ LabelArgs args) {
  const int64_t column = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column >= args.classes) return;
  for (uint32_t row = blockIdx.y; row < args.batch; row += gridDim.y) {
    const int64_t own = element<int64_t>(load_global<8>(args.labels + row), 0);
    const int64_t partner = element<int64_t>(load_global<8>(args.partner_labels + plan.partner(row)), 0);
    const bool known = own >= 0 && own < args.classes && partner >= 0 && partner < args.classes;
    const float cell = known ? target_cell(column, own, partner, plan.label_weight(row), args.on, args.off)
                             : bit_cast<float>(0x7fc00000u);
    Words<1> word = {};
    put_element(word, 0, cell);
    store_global<4>(args.out + row * args.classes + column, word);
  }
}

}  // namespace

void mix_labels_cuda(const MixLabelsParams& params, CudaStream stream) {
  const PlanView& plan = params.plan;
  if (plan.batch == 0) return;
  LabelArgs args{};
  args.labels = params.labels;
  args.partner_labels = params.other != nullptr ? params.other : params.labels;
  args.out = params.out;
  args.classes = params.classes;
  args.batch = static_cast<uint32_t>(plan.batch);
  const Smoothed values = smoothed(params.smoothing, params.classes);
  args.on = values.on;
  args.off = values.off;

  const uint32_t threads = static_cast<uint32_t>(std::min<int64_t>(kMostThreads, (params.classes + 31) / 32 * 32));
  const dim3 grid = grid_of((params.classes + threads - 1) / threads, args.batch);
  const auto launch = [&](const auto& kernel_plan) {
    const auto kernel = labels_kernel<std::decay_t<decltype(kernel_plan)>>;
    FM_LAUNCH("mix_labels", kernel, grid, dim3(threads), 0, stream, kernel_plan, args);
  };
  if (plan.resident != nullptr) {
    MemoryPlan resident{};
    resident.memory = static_cast<const unsigned char*>(plan.resident);
    return launch(resident);
  }

  // Launches usually pack the plan's pixel weights and a walk over the samples. This kernel reads no pixels. So its
  // packed plan holds label weights instead of pixel weights, and each sample's partner instead of the walk's entries.
  GpuWalk partners;
  partners.segment_begin = partners.bundle_begin = {0};
  std::vector<PlanRow> rows(plan.batch);
  for (int32_t i = 0; i < plan.batch; ++i) {
    partners.entries.push_back(static_cast<uint32_t>(plan.rows[i].partner) << kFlagBits);
    rows[i].partner = plan.rows[i].partner;
    rows[i].label_weight = rows[i].weight_in = rows[i].weight_out = plan.rows[i].label_weight;
  }
  PlanView weighted = plan;
  weighted.rows = rows.data();
  with_kernel_plan({weighted, &partners, nullptr, 0, nullptr}, stream, launch);
}

}  // namespace fastmix
