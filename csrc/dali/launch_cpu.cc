#include <algorithm>
#include <memory>

#include "dali/pipeline/util/thread_pool.h"
#include "launch.h"

namespace fastmix {

namespace {

// Several per thread, so that one late thread does not hold up the batch: the others wait half a chunk on average.
constexpr int64_t kChunksPerThread = 16;

void run_on(dali::ThreadPool& threads, const CpuJob& job) {
  const int64_t tasks = job.tasks();
  const int64_t chunks = std::min<int64_t>(tasks, kChunksPerThread * threads.NumThreads());
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t begin = chunk * tasks / chunks;
    const int64_t end = (chunk + 1) * tasks / chunks;
    // Highest priority first: in memory order.
    threads.AddWork([&job, begin, end](int) { job.run(begin, end); }, -chunk);
  }
  threads.RunAll();
}

}  // namespace

void launch(const NormalizeMixParams& params, dali::Workspace& workspace, dali::CPUBackend) {
  run_on(workspace.GetThreadPool(), *normalize_mix_cpu(params));
}

void launch(const MixParams& params, dali::Workspace& workspace, dali::CPUBackend) {
  run_on(workspace.GetThreadPool(), *mix_cpu(params));
}

void launch(const ResampleMixParams& params, dali::Workspace& workspace, dali::CPUBackend) {
  run_on(workspace.GetThreadPool(), *resample_mix_cpu(params));
}

void launch(const MixLabelsParams& params, dali::Workspace&, dali::CPUBackend) { mix_labels_cpu(params); }

}  // namespace fastmix
