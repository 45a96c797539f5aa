#include "every_kernel.h"

#include "augment_cases.h"
#include "base/error.h"
#include "combine_cases.h"
#include "erase_cases.h"
#include "label_cases.h"
#include "resample_cases.h"

namespace fastmix::test {

namespace {

constexpr DType kFloats[] = {DType::kF16, DType::kBF16, DType::kF32, DType::kF64};
constexpr DType kAll[] = {DType::kU8, DType::kF16, DType::kBF16, DType::kF32, DType::kF64};
constexpr DType kOutputs[] = {DType::kF16, DType::kBF16, DType::kF32};
constexpr int32_t kBatch = 24;
constexpr int32_t kResampled = 10;  // a cycle that resample_mix cuts

struct Build {
  Random& random;
  Pairs pairs;
  Mixing mixing;
  std::vector<KernelRun> runs;

  Plan plan(int64_t height, int64_t width, int32_t batch = kBatch) {
    return random_plan(random, batch, pairs, mixing, height, width);
  }

  static void add_masks(std::vector<Region>& inputs, const Plan& plan) {
    if (!plan.masks.empty()) inputs.push_back({plan.masks.data(), plan.masks.size()});
  }

  template <typename Case>
  void add(const char* kernel, DType dtype, const std::string& layout, int64_t elements, bool barriers,
           std::vector<Region> inputs, const std::shared_ptr<Case>& owner, void (*launch)(Case&)) {
    runs.push_back({kernel, name_of(dtype), layout, elements, barriers, std::move(inputs), owner->out.get(),
                    [owner, launch] { launch(*owner); }, owner});
  }

  void mix(const char* kernel, DType dtype, bool in_place, bool barriers, void (*launch)(MixCase&)) {
    for (const bool channels_last : {false, true}) {
      for (const int64_t width : {16, 5}) {
        const Shape shape{3, 4, width, channels_last};
        const auto owner = std::make_shared<MixCase>(random, dtype, shape, plan(4, width), in_place, 0);
        std::vector<Region> inputs;
        if (!in_place) inputs.push_back({owner->in->data(), owner->in->size()});
        add_masks(inputs, owner->plan);
        const std::string layout = std::string(channels_last ? "NHWC" : "NCHW") + (width == 5 ? ", odd width" : "");
        add(kernel, dtype, layout, kBatch * shape.elements(), barriers, inputs, owner, launch);
      }
    }
  }

  void normalize(DType dtype, Layout layout, int64_t channels, int64_t width) {
    const Shape shape{channels, 4, width, true};
    const auto owner = std::make_shared<NormalizeCase>(random, dtype, layout, shape, plan(4, width), true, 0);
    const std::string name = concat(layout == Layout::kNCHW ? "NCHW" : "NHWC", ", ", channels,
                                    channels == 1 ? " channel" : " channels", width == 13 ? ", odd width" : "");
    std::vector<Region> inputs = {{owner->in->data(), owner->in->size()}};
    add_masks(inputs, owner->plan);
    add<NormalizeCase>("normalize_mix", dtype, name, kBatch * shape.elements(), true, inputs, owner,
                       [](NormalizeCase& c) { normalize_mix_cuda(c.params, nullptr); });
  }

  // One tile of output from a window of 20 x 38 pixels, all of whose bytes are needed once.
  void resample(DType dtype, Layout layout, int32_t channels) {
    const std::vector<WindowedImage> sources = {{20, 38, {0, 0, 20, 38}}};
    const auto owner = std::make_shared<ResampleCase>(random, dtype, layout, channels, Filter::kBilinear, 16, 32,
                                                      sources, plan(16, 32, kResampled));
    std::vector<Region> inputs;
    for (const auto& memory : owner->memory) inputs.push_back({memory->data(), memory->size()});
    add_masks(inputs, owner->plan);
    const std::string name =
        concat(layout == Layout::kNCHW ? "NCHW" : "NHWC", ", ", channels, channels == 1 ? " channel" : " channels");
    add<ResampleCase>("resample_mix", dtype, name, int64_t{kResampled} * 16 * 32 * channels, true, inputs, owner,
                      [](ResampleCase& c) { resample_mix_cuda(c.params, nullptr); });
  }

  // As above, or with more pixels. Every other image lies on its side, so its passes come in the other order.
  void resample_levels(const char* what, int32_t channels, int32_t height, int32_t width) {
    const auto across = static_cast<float>(width), down = static_cast<float>(height);
    const std::vector<WindowedImage> sources = {{height, width, {0, 0, down, across}},
                                                {width, height, {0, 0, across, down}}};
    const auto owner = std::make_shared<LevelsCase>(random, channels, Filter::kBilinear, 16, 32, sources, kResampled);
    std::vector<Region> inputs;
    for (const auto& memory : owner->memory) inputs.push_back({memory->data(), memory->size()});
    add<LevelsCase>("resample", DType::kU8, concat(channels, channels == 1 ? " channel" : " channels", what),
                    int64_t{kResampled} * 16 * 32 * channels, true, inputs, owner,
                    [](LevelsCase& c) { resample_cuda(c.params, nullptr); });
  }

  void resample_levels() {
    for (const int32_t channels : {1, 2, 3, 4}) resample_levels("", channels, 20, 38);
    resample_levels(", many taps", 3, 20, 1100);
  }

  // Every sample has rows of its own to erase, and before mixing its partner's rows too.
  void erase(DType dtype, Layout layout, const char* what, bool before_mixing, bool twice) {
    constexpr int32_t kErased = 6, kRows = 9, kColumns = 37;
    SamplePlan boxes;
    for (int32_t i = 0; i < kErased; ++i) {
      const EraseBox box = {i * kRows, 2, kRows, kColumns};
      std::vector<SampleOperation> operations = {noise_box_of(box, before_mixing, false, i)};
      if (twice) operations.push_back(box_of(box, before_mixing, 0.5f));
      boxes.add(0, operations);
    }
    const int32_t height = kErased * kRows, width = 40;
    const auto owner =
        std::make_shared<EraseCase>(random, dtype, layout, height, width, boxes, plan(height, width, kErased));
    std::vector<Region> inputs = {{owner->images->data(), owner->images->size()}};
    add_masks(inputs, owner->plan);
    add<EraseCase>("erase", dtype, concat(layout == Layout::kNCHW ? "NCHW, " : "NHWC, ", what),
                   int64_t{kErased} * kRows * kColumns * 3 * (before_mixing ? 2 : 1), false, inputs, owner,
                   [](EraseCase& c) { c.launch(); });
  }

  void erase(DType dtype, Layout layout) {
    erase(dtype, layout, "before mixing", true, false);
    erase(dtype, layout, "before mixing, two boxes", true, true);
    erase(dtype, layout, "after mixing", false, false);
  }

  void combine(DType dtype, int64_t elements) {
    const auto owner = std::make_shared<CombineCase>(random, dtype, kBatch, 3, elements, 0);
    owner->params.terms = terms_of(owner->plan);
    add<CombineCase>("combine", dtype, elements % 2 == 0 ? "three each" : "three each, odd size", kBatch * elements,
                     false, {{owner->in->data(), owner->in->size()}}, owner,
                     [](CombineCase& c) { combine_cuda(c.params, nullptr); });
  }

  // Reads of the scratch count too.
  void augment(const char* what, const std::vector<SampleOperation>& operations, bool in_place) {
    for (const bool interleaved : {false, true}) {
      SamplePlan plan;
      for (int32_t i = 0; i < 4; ++i) plan.add(0, operations);
      const auto owner =
          std::make_shared<AugmentCase>(random, ImageSize{12, 16}, interleaved, in_place, std::move(plan));
      std::vector<Region> inputs = {{owner->scratch->data(), owner->scratch->size()}};
      if (!in_place) inputs.push_back({owner->in->data(), owner->in->size()});
      add<AugmentCase>(in_place ? "augment_" : "augment", DType::kU8, concat(interleaved ? "NHWC, " : "NCHW, ", what),
                       4 * 12 * 16 * 3, true, inputs, owner, [](AugmentCase& c) { c.launch(); });
    }
  }

  void augment() {
    const SampleOperation posterize = operation_of(Opcode::kPosterize, 3.0f);
    const SampleOperation equalize = operation_of(Opcode::kEqualize, 0.0f);
    const SampleOperation rotate = operation_of(Opcode::kRotate, 30.0f, 0, 0, 1);
    augment("two tables", {posterize, operation_of(Opcode::kSolarize, 100.0f)}, true);
    augment("two statistics", {equalize, posterize, equalize}, false);
    augment("table and stencil", {posterize, operation_of(Opcode::kSharpness, 1.5f)}, true);
    augment("blur", {operation_of(Opcode::kGaussianBlur, 1.5f)}, true);
    augment("warp and statistics", {rotate, equalize}, true);
    augment("two warps", {rotate, operation_of(Opcode::kShearX, 0.3f, 0, 0, 2)}, true);
    augment("erased and moved",
            {posterize, random_operation(Opcode::kEraseConstant, {12, 16}, random),
             operation_of(Opcode::kTranslateX, 3.0f)},
            false);
    augment("AugMix",
            {operation_of(Opcode::kAugMixBegin, 0.0f), rotate, operation_of(Opcode::kAugMixChainEnd, 0.5f),
             operation_of(Opcode::kAugMixEnd, 0.3f, bit_cast<int32_t>(0.7f))},
            true);
  }

  void labels() {
    const auto owner = std::make_shared<LabelCase>(random, kBatch, 10, 0.1);
    const auto* ids = reinterpret_cast<const unsigned char*>(owner->labels.data());
    add<LabelCase>("mix_labels", DType::kF32, "10 classes", kBatch * 10, false,
                   {{ids, owner->labels.size() * sizeof(int64_t)}}, owner,
                   [](LabelCase& c) { mix_labels_cuda(c.params, nullptr); });
  }
};

}  // namespace

std::vector<KernelRun> every_kernel(Random& random, Pairs pairs, Mixing mixing) {
  Build build{random, pairs, mixing, {}};
  const bool masks = mixing == Mixing::kMasks || mixing == Mixing::kWholeMasks;  // the others take none
  for (const DType dtype : kAll) {
    build.mix("mix_", dtype, true, true, [](MixCase& c) { mix_cuda(c.params, nullptr); });
    build.mix("mix", dtype, false, true, [](MixCase& c) { mix_cuda(c.params, nullptr); });
    for (const int64_t elements : {96, 45}) {
      if (!masks) build.combine(dtype, elements);
    }
  }
  for (const DType dtype : kFloats)
    build.mix("mix_backward", dtype, false, masks, [](MixCase& c) { mix_backward_cuda(c.params, nullptr); });
  for (const DType dtype : kOutputs) {
    for (const Layout layout : {Layout::kNCHW, Layout::kNHWC}) {
      for (const int64_t channels : {1, 3, 4}) {
        for (const int64_t width : {16, 13}) build.normalize(dtype, layout, channels, width);
        build.resample(dtype, layout, static_cast<int32_t>(channels));
      }
      build.erase(dtype, layout);
    }
  }
  if (!masks) {
    build.labels();
    build.augment();
    build.resample_levels();
  }
  return std::move(build.runs);
}

}  // namespace fastmix::test
