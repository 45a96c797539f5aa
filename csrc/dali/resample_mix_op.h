// fn.fastmix.resample_mix: decoded images of any sizes to the training batch, in one pass: window, antialiased
// resize, then everything that fn.fastmix.mix does; with a sample plan, augmentation between. Or several views of each
// image, which are not mixed.
#pragma once

#include <vector>

#include "mix_op.h"
#include "resample_mix/resample_mix.h"

namespace fastmix {

template <typename Backend>
class ResampleMixOp : public MixOp<Backend> {
 public:
  explicit ResampleMixOp(const dali::OpSpec& spec);

 protected:
  bool SetupImpl(std::vector<dali::OutputDesc>& outputs, const dali::Workspace& workspace) override;
  void RunImpl(dali::Workspace& workspace) override;

 private:
  void read_views(const dali::Workspace& workspace);
  void read_images(const dali::Workspace& workspace);
  void read_windows(const dali::Workspace& workspace);
  void read_samples(const dali::Workspace& workspace);

  Sampling sampling_;
  int32_t height_ = 0, width_ = 0;
  dali::ArgValue<float, 1> window_argument_;
  const bool augments_;

  // Of the current batch. The parameters borrow the vectors, which have an entry for every view of the kept samples.
  int32_t views_ = 1;
  bool has_views_ = false;  // whether the output has an axis of views, which may have length 1
  std::vector<SourceImage> images_;
  std::vector<Window> windows_;
  std::vector<Sampling> samplings_;
  std::vector<int32_t> sample_words_;
  ResampleMixParams params_;
};

}  // namespace fastmix
