#include "policy_arguments.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>

#include "base/error.h"
#include "decimal.h"

namespace fastmix {

namespace {

constexpr const char* kPolicyArguments[] = {"alpha", "cutmix_alpha", "switch_prob", "prob", "per", "pairing"};

double alpha_argument(const dali::OpSpec& spec, const char* name) {
  const float value = spec.GetArgument<float>(name);
  check(std::isfinite(value) && value >= 0.0f, "mix: expected ", name, " >= 0 (0 switches it off), got ", value);
  return decimal(value);
}

double probability_argument(const dali::OpSpec& spec, const char* name) {
  const float value = spec.GetArgument<float>(name);
  check(value >= 0.0f && value <= 1.0f, "mix: expected ", name, " in [0, 1], got ", value);
  return decimal(value);
}

Per per_argument(const dali::OpSpec& spec) {
  const auto value = spec.GetArgument<std::string>("per");
  if (value == "batch") return Per::kBatch;
  if (value == "pair") return Per::kPair;
  check(value == "sample", "mix: expected per to be 'batch', 'pair' or 'sample', got '", value, "'");
  return Per::kSample;
}

Pairing pairing_argument(const dali::OpSpec& spec) {
  const auto value = spec.GetArgument<std::string>("pairing");
  constexpr std::pair<const char*, Pairing> kPairings[] = {{"permutation", Pairing::kPermutation},
                                                           {"neighbor", Pairing::kNeighbor},
                                                           {"flip", Pairing::kFlip},
                                                           {"roll", Pairing::kRoll},
                                                           {"derangement", Pairing::kDerangement},
                                                           {"matching", Pairing::kMatching},
                                                           {"same_class", Pairing::kSameClass},
                                                           {"different_class", Pairing::kDifferentClass}};
  std::string names;
  for (const auto& [name, pairing] : kPairings) {
    if (value == name) {
      check(!needs_groups(pairing) || spec.NumRegularInput() > 1, "mix: pairing '", value,
            "' pairs by class: expected labels as the second input");
      return pairing;
    }
    names += concat(names.empty() ? "'" : ", '", name, "'");
  }
  throw Error(concat("mix: expected pairing to be one of ", names, ", got '", value, "'"));
}

}  // namespace

bool has_policy_arguments(const dali::OpSpec& spec) {
  return std::any_of(std::begin(kPolicyArguments), std::end(kPolicyArguments),
                     [&](const char* name) { return spec.HasArgument(name); });
}

Choice read_policy(const dali::OpSpec& spec) {
  const double mixup_alpha = alpha_argument(spec, "alpha");
  const double cutmix_alpha = alpha_argument(spec, "cutmix_alpha");
  const double switch_prob = probability_argument(spec, "switch_prob");
  const double prob = probability_argument(spec, "prob");
  const Per per = per_argument(spec);
  Choice choice;
  choice.per = per;
  choice.pairing = pairing_argument(spec);
  if (mixup_alpha > 0) choice.policies.push_back({Kind::kMixup, symmetric_beta(mixup_alpha), prob, per, {}});
  if (cutmix_alpha > 0) choice.policies.push_back({Kind::kCutMix, symmetric_beta(cutmix_alpha), prob, per, {}});
  if (choice.policies.empty()) choice.policies.push_back({Kind::kMixup, symmetric_beta(1.0), 0.0, per, {}});
  choice.p =
      choice.policies.size() == 2 ? std::vector<double>{1.0 - switch_prob, switch_prob} : std::vector<double>{1.0};
  validate(choice);
  return choice;
}

}  // namespace fastmix
