// plan_rows_test SEED COUNT: rows of whatever bytes are refused, or make a plan whose walks stay within the batch.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "../codec/mutate.h"
#include "base/error.h"
#include "corpus.h"
#include "plan/multiway.h"
#include "plan/plan.h"

using namespace fastmix;
using test::Bytes;

namespace {

constexpr int32_t kSide = 16;
int accepted = 0;

void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

template <typename Row>
std::vector<Row> rows_of(const Bytes& input) {
  std::vector<Row> rows(input.size() / sizeof(Row));
  if (!rows.empty()) std::memcpy(static_cast<void*>(rows.data()), input.data(), rows.size() * sizeof(Row));
  return rows;
}

void examine_pairs(const Bytes& input, bool in_place) {
  const std::vector<PlanRow> rows = rows_of<PlanRow>(input);
  PlanView plan;
  plan.batch = static_cast<int32_t>(rows.size());
  plan.rows = rows.data();
  plan.mask.count = 2;
  plan.mask.extent = {1, kSide, kSide};
  validate(plan, kSide, kSide, in_place);
  ++accepted;
  has_any_mask(plan);
  has_any_box(plan);
  expect(!in_place || is_permutation(plan), "an accepted plan in place is no permutation");
  if (!is_permutation(plan)) return;
  Cycles cycles = cycles_of(plan);
  std::sort(cycles.order.begin(), cycles.order.end());
  for (int32_t i = 0; i < plan.batch; ++i) expect(cycles.order[i] == i, "a walk misses a sample");
}

void examine_multiway(const Bytes& input) {
  const std::vector<MultiwayRow> rows = rows_of<MultiwayRow>(input);
  const auto batch = static_cast<int32_t>(rows.size());
  const MultiwayRows plan = {batch, rows.data()};
  validate(plan, batch);
  ++accepted;
  for (const Terms& terms : {terms_of(plan), transposed(plan, batch)}) {
    expect(terms.outputs() == batch, "another number of outputs");
    for (const int32_t source : terms.source) expect(source >= 0 && source < batch, "a source outside the batch");
  }
}

void examine(const Bytes& input) {
  const auto tried = [](auto&& body) {
    try {
      body();
    } catch (const Error&) {
    }
  };
  tried([&] { examine_pairs(input, true); });
  tried([&] { examine_pairs(input, false); });
  tried([&] { examine_multiway(input); });
}

template <typename Row>
Bytes bytes_of(const std::vector<Row>& rows) {
  Bytes bytes(rows.size() * sizeof(Row));
  std::memcpy(bytes.data(), rows.data(), bytes.size());
  return bytes;
}

// Half of the time one word becomes a small number, so that rows stay rows.
Bytes changed(Bytes input, std::mt19937& random) {
  if (random() % 2 == 0 || input.size() < 4) return test::mutated(std::move(input), random);
  const int32_t word = static_cast<int32_t>(random() % 20) - 2;
  std::memcpy(input.data() + random() % (input.size() / 4) * 4, &word, sizeof word);
  return input;
}

}  // namespace

int main(int, char** argv) {
  std::mt19937 random(static_cast<unsigned>(std::stoul(argv[1])));
  std::vector<PlanRow> pairs(6);
  for (int32_t i = 0; i < 6; ++i) pairs[i].partner = i ^ 1;
  pairs[1].box[2] = pairs[1].box[3] = 4;
  pairs[2].mask = 1;
  std::vector<MultiwayRow> three(5);
  for (int32_t i = 0; i < 5; ++i) three[i] = {kMultiwayHeader, 3, {}, {i, (i + 1) % 5, 0, 0}, {0.5, 0.25, 0.25, 0.0}};
  test::print(test::fuzz({bytes_of(pairs), bytes_of(three)}, std::stoi(argv[2]), random, changed, examine));
  std::printf("%d\n", accepted);
}
