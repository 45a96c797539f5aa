// Sums of several samples, partners from another batch, and clean copies: the kernels on the host against plain loops.
#include "mix/combine.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "cases.h"
#include "check.h"
#include "combine_cases.h"
#include "formula/mix_math.h"
#include "host_cuda.h"

namespace fastmix::test {
namespace {

using host_cuda::Watch;

constexpr DType kAllTypes[] = {DType::kU8, DType::kF16, DType::kBF16, DType::kF32, DType::kF64};

bool all_equal(const std::vector<uint16_t>& counts, uint16_t value) {
  return std::all_of(counts.begin(), counts.end(), [&](uint16_t c) { return c == value; });
}

template <typename T>
void check_combine(Random& random, DType type) {
  for (const int32_t samples : {1, 2, 9, 40}) {
    for (const int32_t ways : {2, 3, 4}) {
      for (const int64_t elements : {1, 15, 96})
        CombineCase(random, type, samples, ways, elements, random() % 2).check_all<T>();
    }
  }
}

TEST(combine_all_types_and_its_gradient) {
  Random random(61);
  check_combine<uint8_t>(random, DType::kU8);
  check_combine<Half>(random, DType::kF16);
  check_combine<BFloat16>(random, DType::kBF16);
  check_combine<float>(random, DType::kF32);
  check_combine<double>(random, DType::kF64);
}

// Samples at unequal distances: the kernel then reads their addresses from the plan.
TEST(combine_of_scattered_samples) {
  Random random(63);
  for (const DType type : kAllTypes) {
    for (const int64_t elements : {15, 96}) {
      for (const int32_t samples : {9, 400, 1500}) {
        CombineCase given(random, type, samples, 3, elements, 0);
        given.params.terms = terms_of(given.plan);
        combine_cuda(given.params, nullptr);
        const std::vector<unsigned char> expected(given.out->data(), given.out->data() + given.out->size());
        constexpr size_t kGap = 64;
        const size_t bytes = given.in->size() / static_cast<size_t>(samples);
        const Memory scattered(given.in->size() + kGap, 0);
        std::vector<const void*> places;
        for (int32_t i = 0; i < samples; ++i) {
          unsigned char* const place = scattered.data() + i * bytes + (i > 0 ? kGap : 0);
          std::memcpy(place, given.in->data() + i * bytes, bytes);
          places.push_back(place);
        }
        given.params.in = places.data();
        std::fill_n(given.out->data(), given.out->size(), static_cast<unsigned char>(0xa5));
        combine_cuda(given.params, nullptr);
        CHECK(std::memcmp(given.out->data(), expected.data(), expected.size()) == 0, name_of(type), ", ", elements,
              " elements, ", samples, " samples");
      }
    }
  }
}

TEST(combine_of_a_large_batch_is_one_launch) {
  Random random(62);
  for (const int32_t samples : {400, 1500}) {
    CombineCase large(random, DType::kF32, samples, 4, 4, 0);
    large.params.terms = terms_of(large.plan);
    const host_cuda::Counters before = host_cuda::counters();
    combine_cuda(large.params, nullptr);
    CHECK(host_cuda::counters().launches - before.launches == 1, samples, " samples");
    CHECK(host_cuda::counters().uploads - before.uploads == (samples > 1000 ? 1 : 0), samples, " samples");
    CHECK(host_cuda::counters().live_uploads == 0, "a plan's memory is not freed");
    large.check_equals_a_plain_loop<float>("kernel");
  }
}

TEST(combine_refuses_bad_plans) {
  std::vector<MultiwayRow> rows(2);
  rows[0] = {.ways = 2, .partner = {0, 1}, .weight = {0.5, 0.5}};
  rows[1] = {.ways = 2, .partner = {1, 0}, .weight = {1.0, 0.0}};
  const auto message = [&] { return message_of([&] { validate(MultiwayRows{2, rows.data()}, 2); }); };
  CHECK(message().empty(), message());
  rows[0].ways = 1;
  CHECK(message().find("2 to 4 partners") != std::string::npos, message());
  rows[0].ways = 2;
  rows[0].header = kPairHeader;
  CHECK(message().find("rows that mix several images") != std::string::npos, message());
  rows[0].header = kMultiwayHeader;
  rows[1].partner[1] = 2;
  CHECK(message().find("partner in [0, 2), got 2 for sample 1") != std::string::npos, message());
  rows[1].partner[1] = 0;
  rows[0].weight[0] = 0.6;
  CHECK(message().find("sum to 1, got a sum of 1.1 for sample 0") != std::string::npos, message());
  rows[0].weight[1] = NAN;
  CHECK(message().find("weight in [0, 1], got") != std::string::npos, message());
}

// Samples of one batch with partners from another: the same as one batch of both, of which the first are looked at.
struct OtherCase {
  OtherCase(Random& random, DType type, Shape shape, int32_t batch, int32_t others, size_t misalignment)
      : batch(batch), both(random, type, shape, plan_of_both(random, batch, others, shape), false, misalignment) {
    plan = both.plan;
    plan.rows.resize(batch);
    for (PlanRow& row : plan.rows) row.partner -= batch;
    params = both.params;
    params.plan = plan.view();
    params.plan.batch = batch;
    params.plan.others = others;
    params.others = both.params.in + batch;
  }

  static Plan plan_of_both(Random& random, int32_t batch, int32_t others, Shape shape) {
    Plan plan = random_plan(random, batch + others, Pairs::kIdentity, Mixing::kBoxes, shape.height, shape.width);
    for (int32_t i = 0; i < batch; ++i) plan.rows[i].partner = batch + static_cast<int32_t>(random() % others);
    return plan;
  }

  int64_t count() const { return batch * both.params.elements; }

  int32_t batch;
  MixCase both;
  Plan plan;
  MixParams params;
};

TEST(other_batch_equals_one_batch_of_both) {
  Random random(63);
  for (const DType type : kAllTypes) {
    for (const Shape& shape : {Shape{3, 4, 8, false}, Shape{3, 4, 8, true}, Shape{1, 3, 5, false}}) {
      for (const int32_t batch : {1, 5, 40}) {
        OtherCase pair(random, type, shape, batch, 1 + static_cast<int32_t>(random() % 9), random() % 2);
        const std::vector<unsigned char> expected = naive_mix(pair.both.params);
        const auto differs = [&] {
          return first_difference(type, pair.both.out->data(), expected.data(), pair.count());
        };
        run_job(*mix_cpu(pair.params));
        CHECK(differs() < 0, pair.both.describe(), ": CPU job at ", differs());
        std::memset(pair.both.out->data(), 0xa5, pair.both.out->size());
        mix_cuda(pair.params, nullptr);
        CHECK(differs() < 0, pair.both.describe(), ": kernel at ", differs());

        // In place, on both processors: every element is read and written once, and so is its partner's read.
        for (const bool on_cuda : {false, true}) {
          MixParams in_place = pair.params;
          std::vector<const void*> own;
          for (int32_t i = 0; i < batch; ++i) own.push_back(pair.both.out->data() + i * pair.both.sample_bytes());
          std::memcpy(pair.both.out->data(), pair.both.in->data(), pair.count() * size_of(type));
          in_place.in = own.data();
          in_place.in_place = true;
          if (on_cuda) {
            mix_cuda(in_place, nullptr);
          } else {
            run_job(*mix_cpu(in_place));
          }
          CHECK(differs() < 0, pair.both.describe(), ": in place at ", differs());
        }
      }
    }
  }
}

TEST(other_batch_gradients_are_parts_of_that_of_both) {
  Random random(64);
  for (const DType type : {DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
    for (const int32_t batch : {1, 5, 40}) {
      const int32_t others = 1 + static_cast<int32_t>(random() % 9);
      OtherCase pair(random, type, {3, 4, 8, false}, batch, others, random() % 2);
      // No gradient comes from the other batch's own rows.
      std::memset(pair.both.in->data() + pair.count() * size_of(type), 0, others * pair.both.sample_bytes());
      const std::vector<unsigned char> expected = naive_backward(pair.both.params);
      for (const bool of_others : {false, true}) {
        MixParams params = pair.params;
        params.gradient_of_others = of_others;
        const int64_t count = of_others ? others * params.elements : pair.count();
        const unsigned char* wanted = expected.data() + (of_others ? pair.count() * size_of(type) : 0);
        run_job(*mix_backward_cpu(params));
        CHECK(first_difference(type, pair.both.out->data(), wanted, count) < 0, "CPU job, of others: ", of_others);
        std::memset(pair.both.out->data(), 0xa5, pair.both.out->size());
        mix_backward_cuda(params, nullptr);
        CHECK(first_difference(type, pair.both.out->data(), wanted, count) < 0, "kernel, of others: ", of_others);
      }
    }
  }
}

TEST(other_batch_in_place_reads_and_writes_once) {
  Random random(65);
  OtherCase pair(random, DType::kF32, {3, 8, 8, false}, 30, 30, 0);
  for (int32_t i = 0; i < 30; ++i) {
    pair.plan.rows[i].partner = 29 - i;
    pair.plan.rows[i].weight_out = 0.25f;
  }
  MixParams params = pair.params;
  std::vector<const void*> own;
  for (int32_t i = 0; i < 30; ++i) own.push_back(pair.both.out->data() + i * pair.both.sample_bytes());
  params.in = own.data();
  params.in_place = true;
  const auto bytes = static_cast<size_t>(30 * pair.both.sample_bytes());
  const Watch mine(pair.both.out->data(), bytes);
  const Watch theirs(pair.both.in->data() + bytes, bytes);
  mix_cuda(params, nullptr);
  CHECK(all_equal(mine.reads, 1) && all_equal(mine.writes, 1), "the batch");
  CHECK(all_equal(theirs.reads, 1) && all_equal(theirs.writes, 0), "the other batch");
}

TEST(clean_copies_cost_one_write_more) {
  Random random(66);
  for (const DType type : kAllTypes) {
    for (const Pairs pairs : kAnyPairs) {
      for (const Shape& shape : {Shape{3, 8, 8, false}, Shape{3, 5, 7, true}}) {
        MixCase mix_case(random, type, shape, random_plan(random, 33, pairs, Mixing::kBoxes, shape.height, shape.width),
                         false, 0);
        const std::vector<unsigned char> expected = naive_mix(mix_case.params);
        const int64_t count = 33 * mix_case.params.elements;
        Memory clean(mix_case.in->size(), 0);
        mix_case.params.clean = clean.data();
        for (const bool on_cuda : {false, true}) {
          std::memset(clean.data(), 0xa5, clean.size());
          const Watch in(mix_case.in->data(), mix_case.in->size());
          const Watch copies(clean.data(), clean.size());
          const Watch out(mix_case.out->data(), mix_case.out->size());
          if (on_cuda) {
            mix_cuda(mix_case.params, nullptr);
            CHECK(all_equal(copies.writes, 1) && all_equal(out.writes, 1), "samples are not written once each");
            CHECK(pairs == Pairs::kRepeats || all_equal(in.reads, 1), "samples are not read once");
          } else {
            run_job(*mix_cpu(mix_case.params));
          }
          CHECK(first_difference(type, mix_case.out->data(), expected.data(), count) < 0, mix_case.describe());
          CHECK(std::memcmp(clean.data(), mix_case.in->data(), clean.size()) == 0, mix_case.describe(), ": clean");
        }
      }
    }
  }
}

}  // namespace
}  // namespace fastmix::test
