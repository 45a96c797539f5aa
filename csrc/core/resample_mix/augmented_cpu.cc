// resample_mix with a sample plan: each image is resampled to uint8 and augmented in cache, then mixed row by row.
//
//   decoded image A -> uint8 -> operations --+
//                                            +--> rows: mix -> normalise -> cast -> erase
//   decoded image B -> uint8 -> operations --+
#include <memory>
#include <mutex>
#include <vector>

#include "augment/augment_image.h"
#include "augment/augment_kernels.h"
#include "normalize_mix/normalized_rows.h"
#include "plan/cpu_walk.h"
#include "resample/resample.h"
#include "resample_mix/erased_rows.h"
#include "resample_mix/resample_mix.h"

namespace fastmix {

namespace {

// The most samples of one task; a longer cycle is cut into parts. The last sample of a part is mixed with the first
// sample of the next part, so both parts resample and augment that first sample.
constexpr int32_t kMostSamples = 8;

// An augmented image: planes (NCHW) or interleaved pixels (NHWC).
struct Image {
  int32_t sample = -1;
  Scratch pixels;
};

// A thread's memory. `images` holds the images of the task's first sample, of the current sample and of its partner.
struct Workspace {
  Workspace(int64_t height, int64_t width) : augmenter(height, width) {}
  ImageAugmenter augmenter;
  Image images[3];
  ResampleScratch resampling;
  Scratch resampled, planes;
  NormalizedRows::Scratch rows;
  ErasedRows::Scratch erasing;
};

// Keeps the threads' memory between tasks: allocating and clearing new memory takes as long as one augmentation.
class Workspaces {
 public:
  std::unique_ptr<Workspace> take(int64_t height, int64_t width) {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Workspace> workspace = std::move(idle_.back());
        idle_.pop_back();
        return workspace;
      }
    }
    return std::make_unique<Workspace>(height, width);
  }
  void give_back(std::unique_ptr<Workspace> workspace) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(workspace));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> idle_;
};

class AugmentedMixJob final : public CpuJob {
 public:
  explicit AugmentedMixJob(const ResampleMixParams& params)
      : params_(params),
        walk_(params.plan),
        rows_(params.normalizing()),
        erased_(params_, rows_),
        kernels_(augment_kernels()),
        pixels_(int64_t{params.height} * params.width) {
    for (int32_t c = 0; c < walk_.cycles.count(); ++c) {
      for (int32_t k = walk_.cycles.begin[c]; k < walk_.cycles.begin[c + 1]; k += kMostSamples) begin_.push_back(k);
    }
    begin_.push_back(params.plan.batch);
  }

  int64_t tasks() const override { return static_cast<int64_t>(begin_.size()) - 1; }

  void run(int64_t begin, int64_t end) const override {
    std::unique_ptr<Workspace> workspace = workspaces_.take(params_.height, params_.width);
    for (int64_t task = begin; task < end; ++task) {
      const int32_t head = walk_.cycles.order[begin_[task]];
      for (int32_t k = begin_[task]; k < begin_[task + 1]; ++k) mix(walk_.cycles.order[k], head, *workspace);
    }
    rows_.end();
    workspaces_.give_back(std::move(workspace));
  }

 private:
  void mix(int32_t sample, int32_t head, Workspace& workspace) const {
    const int32_t partner = params_.plan.untouched(sample) ? sample : params_.plan.rows[sample].partner;
    const uint8_t* const own = image(sample, head, partner, workspace);
    const uint8_t* const other = image(partner, head, sample, workspace);
    for (int64_t y = 0; y < params_.height; ++y) {
      const PixelRow of_own = row(own, y), of_other = row(other, y);
      rows_.write(sample, y, of_own, of_other, workspace.rows,
                  [&](const OutputRow& out) { erased_.erase(sample, y, of_own, of_other, out, workspace.erasing); });
    }
  }

  PixelRow row(const uint8_t* image, int64_t y) const {
    const int64_t width = params_.width;
    return {image + y * width * (rows_.interleaved() ? kColors : 1), pixels_};
  }

  // Returns the image of `sample`. If it is not in workspace.images yet, makes it there and overwrites an image that
  // belongs to neither `head` nor `other`.
  const uint8_t* image(int32_t sample, int32_t head, int32_t other, Workspace& workspace) const {
    Image* place = nullptr;
    for (Image& image : workspace.images) {
      if (image.sample == sample) return bytes_of(image.pixels, kColors * pixels_);
      if (image.sample < 0 || (image.sample != head && image.sample != other)) place = &image;
    }
    place->sample = -1;
    make(sample, place->pixels, workspace);
    place->sample = sample;
    return bytes_of(place->pixels, kColors * pixels_);
  }

  void make(int32_t sample, Scratch& image, Workspace& workspace) const {
    const SourceArrays& from = params_.sources;
    const int64_t bytes = kColors * pixels_;
    SampleRow row = params_.samples.row(sample);
    row.count = count_pixel_operations(params_.samples, sample);
    // Resampling can mirror at no cost, so it also does the plan's horizontal flip.
    const bool mirror = (params_.mirror != nullptr && params_.mirror[sample]) != row.flips_horizontally();
    row.flags &= ~1;
    const SampleOperation* const operations = params_.samples.operations(sample);
    const bool kept = keeps_pixels(row, operations), interleaved = rows_.interleaved();
    uint8_t* const resampled = bytes_of(kept && interleaved ? image : workspace.resampled, bytes);
    const Source source = source_of(from.images[sample], from.windows[sample], from.sampling[sample], params_.channels);
    resample_image(source, params_.channels, params_.height, params_.width, mirror, resampled, workspace.resampling);
    if (kept && interleaved) return;

    Scratch& planes = interleaved ? workspace.planes : image;
    kernels_.split(bytes_of(planes, bytes), pixels_, resampled, pixels_);
    if (!kept) workspace.augmenter.run(row, operations, planes);
    if (interleaved) kernels_.merge(bytes_of(image, bytes), bytes_of(planes, bytes), pixels_, pixels_);
  }

  const ResampleMixParams params_;
  const CpuWalk walk_;
  const NormalizedRows rows_;
  const ErasedRows erased_;
  const AugmentKernels& kernels_;
  const int64_t pixels_;
  std::vector<int32_t> begin_;  // each task's first index in walk_.cycles.order
  mutable Workspaces workspaces_;
};

}  // namespace

std::unique_ptr<CpuJob> augmented_mix_cpu(const ResampleMixParams& params) {
  return std::make_unique<AugmentedMixJob>(params);
}

}  // namespace fastmix
