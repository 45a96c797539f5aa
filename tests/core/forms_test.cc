// Every instantiation of every kernel: types, widths of vectors, channels, layouts, and plans that travel as a small
// parameter, as a large one and in memory.
#include <algorithm>

#include "cases.h"
#include "check.h"
#include "combine_cases.h"
#include "host_cuda.h"
#include "resample_cases.h"

namespace fastmix::test {
namespace {

constexpr DType kAllTypes[] = {DType::kU8, DType::kF16, DType::kBF16, DType::kF32, DType::kF64};
constexpr DType kOutTypes[] = {DType::kF16, DType::kBF16, DType::kF32};
constexpr Layout kLayouts[] = {Layout::kNCHW, Layout::kNHWC};
// From a plan that fits the small parameter to one that fits none.
constexpr int32_t kBatches[] = {7, 240, 700, 4500};

template <typename Case>
void check_kernel(const Case& batch, DType dtype, const std::vector<unsigned char>& expected) {
  const int64_t count = static_cast<int64_t>(expected.size()) / size_of(dtype);
  const int64_t at = first_difference(dtype, batch.out->data(), expected.data(), count);
  CHECK(at < 0, batch.describe(), ": the kernel differs at ", at, ", seed ", host_cuda::settings().seed);
}

Pairs any_pairs(Random& random) { return random() % 2 == 0 ? Pairs::kCycle : kAnyPairs[random() % 5]; }

void check_mix_forms(DType dtype, uint32_t seed) {
  Random random(seed);
  // Widths that leave vectors of 16 bytes, of 4 bytes and single elements.
  for (const int64_t width : {16, 6, 5}) {
    for (const int32_t batch : kBatches) {
      for (const Mixing mixing : {Mixing::kNoBox, Mixing::kBoxes, Mixing::kMasks, Mixing::kWholeMasks}) {
        if (batch == 4500 && (mixing == Mixing::kNoBox || mixing == Mixing::kMasks)) continue;
        const bool channels_last = width != 6 && random() % 2 == 0;
        const int64_t height = batch > 240 ? 1 : 4;
        const Shape shape{channels_last ? 3 : 2, height, width, channels_last};
        host_cuda::settings().seed = random();
        MixCase mix_case(random, dtype, shape,
                         random_plan(random, batch, any_pairs(random), mixing, height, width, channels_last ? 1 : 2),
                         false, width == 5 ? 1 : 0);
        const std::vector<unsigned char> expected = naive_mix(mix_case.params);
        mix_cuda(mix_case.params, nullptr);
        check_kernel(mix_case, dtype, expected);
        if (dtype == DType::kU8) continue;
        const std::vector<unsigned char> gradient = naive_backward(mix_case.params);
        mix_backward_cuda(mix_case.params, nullptr);
        check_kernel(mix_case, dtype, gradient);
      }
    }
  }
}
TEST(forms_mix_u8) { check_mix_forms(DType::kU8, 81); }
TEST(forms_mix_f16) { check_mix_forms(DType::kF16, 82); }
TEST(forms_mix_bf16) { check_mix_forms(DType::kBF16, 83); }
TEST(forms_mix_f32) { check_mix_forms(DType::kF32, 84); }
TEST(forms_mix_f64) { check_mix_forms(DType::kF64, 85); }

void check_normalize_forms(DType dtype, uint32_t seed) {
  Random random(seed);
  for (const Layout layout : kLayouts) {
    for (const int64_t channels : {1, 2, 3, 4}) {
      for (const int64_t width : {16, 13}) {
        for (const int32_t batch : kBatches) {
          for (const Mixing mixing : {Mixing::kNoBox, Mixing::kBoxes, Mixing::kMasks, Mixing::kWholeMasks}) {
            if (batch == 7 && mixing == Mixing::kNoBox) continue;  // normalize_mix_test.cc has these
            if (batch > 240 && mixing == Mixing::kMasks) continue;
            // Lanes of one pixel are the same kernel for all widths and channels.
            if (batch > 240 && (mixing == Mixing::kNoBox || channels == 4 || width == 13)) continue;
            const int64_t height = batch > 240 ? 1 : 4;
            host_cuda::settings().seed = random();
            NormalizeCase normalize_case(random, dtype, layout, {channels, height, width, true},
                                         random_plan(random, batch, any_pairs(random), mixing, height, width),
                                         random() % 2 == 0, width == 13 && random() % 2 == 0 ? 1 : 0);
            const std::vector<unsigned char> expected = naive_normalize(normalize_case.params);
            normalize_mix_cuda(normalize_case.params, nullptr);
            check_kernel(normalize_case, dtype, expected);
          }
        }
      }
    }
  }
}
TEST(forms_normalize_f16) { check_normalize_forms(DType::kF16, 86); }
TEST(forms_normalize_bf16) { check_normalize_forms(DType::kBF16, 87); }
TEST(forms_normalize_f32) { check_normalize_forms(DType::kF32, 88); }

template <typename T>
void check_combine_forms(Random& random, DType dtype) {
  for (const int32_t samples : {5, 300, 700, 1500, 4500}) {
    for (const int64_t elements : {16, 5})
      CombineCase(random, dtype, samples, 3, elements, elements == 5 ? 1 : 0).check_all<T>();
  }
}
TEST(forms_combine) {
  Random random(89);
  check_combine_forms<uint8_t>(random, DType::kU8);
  check_combine_forms<Half>(random, DType::kF16);
  check_combine_forms<BFloat16>(random, DType::kBF16);
  check_combine_forms<float>(random, DType::kF32);
  check_combine_forms<double>(random, DType::kF64);
}

// Against the CPU job, which resample_mix_test.cc compares with plain loops.
TEST(forms_resample) {
  Random random(90);
  const std::vector<WindowedImage> sources = {{12, 17, {0, 0, 12, 17}}, {30, 44, {0.5f, 0.25f, 28.5f, 43.5f}}};
  for (const int32_t channels : {1, 2, 3, 4}) {
    for (const DType dtype : kOutTypes) {
      for (const Layout layout : kLayouts) {
        // Only channels make another kernel, so one large plan of each is enough.
        const bool large = dtype == kOutTypes[channels % 3] && layout == kLayouts[channels % 2];
        const int32_t batch = large ? 820 : 2, height = large ? 2 : 17, width = large ? 3 : 37;
        const ResampleCase resample_case(
            random, dtype, layout, channels, channels % 2 == 0 ? Filter::kBilinear : Filter::kBicubic, height, width,
            sources,
            random_plan(random, batch, any_pairs(random), random() % 2 == 0 ? Mixing::kBoxes : Mixing::kMasks, height,
                        width));
        Memory& out = *resample_case.out;
        run_job(*resample_mix_cpu(resample_case.params));
        const std::vector<unsigned char> expected(out.data(), out.data() + out.size());
        std::fill_n(out.data(), out.size(), static_cast<unsigned char>(0xa5));
        resample_mix_cuda(resample_case.params, nullptr);
        check_kernel(resample_case, dtype, expected);
      }
    }
  }
}

}  // namespace
}  // namespace fastmix::test
