// The kernels for gradients and labels, run by the host shim, against naive loops and the CPU.
#include <cmath>

#include "cases.h"
#include "check.h"
#include "host_cuda.h"
#include "label_cases.h"

namespace fastmix::test {
namespace {

TEST(gradients_all_types_and_plans) {
  Random random(21);
  for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
    for (const Pairs pairs : kAnyPairs) {
      for (const Shape& shape : {Shape{3, 4, 8, false}, Shape{3, 4, 8, true}, Shape{1, 3, 5, false}}) {
        for (const int32_t batch : {1, 2, 9, 64}) {
          MixCase gradient(random, dtype, shape,
                           random_plan(random, batch, pairs, Mixing::kBoxes, shape.height, shape.width), false,
                           random() % 3 == 0 ? 1 : 0);
          const std::vector<unsigned char> expected = naive_backward(gradient.params);
          const int64_t count = batch * shape.elements();
          run_job(*mix_backward_cpu(gradient.params));
          const int64_t cpu = first_difference(dtype, gradient.out->data(), expected.data(), count);
          CHECK(cpu < 0, gradient.describe(), ": CPU job and naive loop differ at ", cpu);
          fill_random(random, dtype, gradient.out->data(), count, false);
          mix_backward_cuda(gradient.params, nullptr);
          const int64_t cuda = first_difference(dtype, gradient.out->data(), expected.data(), count);
          CHECK(cuda < 0, gradient.describe(), ": kernel and naive loop differ at ", cuda);
        }
      }
    }
  }
}

TEST(gradients_of_a_large_batch) {
  Random random(22);
  MixCase gradient(random, DType::kF32, {1, 1, 4, false},
                   random_plan(random, 1500, Pairs::kRepeats, Mixing::kNoBox, 1, 4), false, 0);
  const std::vector<unsigned char> expected = naive_backward(gradient.params);
  mix_backward_cuda(gradient.params, nullptr);
  CHECK(first_difference(DType::kF32, gradient.out->data(), expected.data(), 6000) < 0, "gradients differ");
}

TEST(labels_equal_the_cpu) {
  Random random(23);
  for (const int32_t batch : {1, 2, 5, 64, 1500, 9000}) {
    for (const int64_t classes : {1, 3, 10, 300}) {
      if (batch * classes > 40000) continue;
      LabelCase label_case(random, batch, classes, classes % 2 == 0 ? 0.1 : 0.0);
      validate(label_case.params, true);
      mix_labels_cpu(label_case.params);
      const std::vector<float> expected = label_case.take();
      mix_labels_cuda(label_case.params, nullptr);
      CHECK(label_case.take() == expected, "batch ", batch, " classes ", classes);
    }
  }
}

TEST(labels_out_of_range_are_nan) {
  Random random(24);
  for (const int64_t bad : {int64_t{-1}, int64_t{10}, INT64_MIN, INT64_MAX}) {
    LabelCase label_case(random, 4, 10, 0.0);
    set_partners(label_case.plan, {1, 0, 3, 2});
    label_case.labels[1] = bad;
    mix_labels_cuda(label_case.params, nullptr);
    const std::vector<float> rows = label_case.take();
    for (int64_t k = 0; k < 40; ++k) CHECK(std::isnan(rows[k]) == (k < 20), "cell ", k, " is ", rows[k]);
  }
}

}  // namespace
}  // namespace fastmix::test
