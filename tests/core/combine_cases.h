// Random sums of several samples, as a batch for combine.
#pragma once

#include <cstring>
#include <memory>
#include <numeric>
#include <vector>

#include "cases.h"
#include "check.h"
#include "formula/mix_math.h"
#include "mix/combine.h"

namespace fastmix::test {

struct CombineCase {
  CombineCase(Random& random, DType type, int32_t samples, int32_t ways, int64_t elements, size_t misalignment)
      : rows(samples), plan{samples, rows.data()} {
    for (MultiwayRow& row : rows) {
      row.ways = ways;
      for (int32_t k = 0; k < ways; ++k) row.partner[k] = static_cast<int32_t>(random() % samples);
    }
    for (int32_t i = 0; i < samples; ++i) {
      double* row = rows[i].weight;
      if (random() % 4 == 0) {
        row[random() % ways] = 1.0;
        continue;
      }
      for (int32_t k = 0; k < ways; ++k) row[k] = random() % 5 == 0 ? 0.0 : static_cast<double>(1 + random() % 1000);
      row[0] += 1.0;
      const double sum = std::accumulate(row, row + ways, 0.0);
      for (int32_t k = 0; k < ways; ++k) row[k] /= sum;
    }
    const int64_t bytes = elements * size_of(type);
    const size_t offset = misalignment * static_cast<size_t>(size_of(type));
    in = std::make_unique<Memory>(static_cast<size_t>(samples * bytes), offset);
    out = std::make_unique<Memory>(static_cast<size_t>(samples * bytes), offset);
    fill_random(random, type, in->data(), samples * elements, true);
    for (int32_t i = 0; i < samples; ++i) pointers.push_back(in->data() + i * bytes);
    params.in = pointers.data();
    params.sources = samples;
    params.out = out->data();
    params.dtype = type;
    params.elements = elements;
  }

  // What the terms say, element by element.
  template <typename T>
  void check_equals_a_plain_loop(const char* what) const {
    const auto* given = reinterpret_cast<const T*>(in->data());
    std::vector<T> expected;
    for (int32_t i = 0; i < params.terms.outputs(); ++i) {
      for (int64_t e = 0; e < params.elements; ++e) {
        double sum = 0.0;
        for (uint32_t k = params.terms.begin[i]; k < params.terms.begin[i + 1]; ++k)
          sum += params.terms.weight[k] * widen(given[params.terms.source[k] * params.elements + e]);
        const int32_t copied = params.terms.copied(i);
        expected.push_back(copied >= 0 ? given[copied * params.elements + e] : narrow<T>(sum));
      }
    }
    const auto count = static_cast<int64_t>(expected.size());
    const auto* bytes = reinterpret_cast<const unsigned char*>(expected.data());
    const int64_t at = first_difference(params.dtype, out->data(), bytes, count);
    CHECK(at < 0, what, " ", name_of(params.dtype), ", ", plan.batch, " samples, ", rows[0].ways, " ways: differs at ",
          at);
  }

  template <typename T>
  void check_all() {
    for (const bool backward : {false, true}) {
      if (backward && params.dtype == DType::kU8) continue;
      params.terms = backward ? transposed(plan, plan.batch) : terms_of(plan);
      std::memset(out->data(), 0xa5, out->size());
      run_job(*combine_cpu(params));
      check_equals_a_plain_loop<T>("CPU");
      std::memset(out->data(), 0xa5, out->size());
      combine_cuda(params, nullptr);
      check_equals_a_plain_loop<T>("kernel");
    }
  }

  std::vector<MultiwayRow> rows;
  MultiwayRows plan;
  std::unique_ptr<Memory> in, out;
  std::vector<const void*> pointers;
  CombineParams params;
};

}  // namespace fastmix::test
