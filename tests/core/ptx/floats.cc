// Arithmetic of floats. Nothing is contracted: this file is compiled with -ffp-contract=off.
#include "ptx/operations.h"
#include "ptx/rounding.h"

namespace fastmix::ptx {
namespace {

constexpr auto kAdd = [](auto a, auto b) { return canonical(a + b); };
constexpr auto kSubtract = [](auto a, auto b) { return canonical(a - b); };
constexpr auto kMultiply = [](auto a, auto b) { return canonical(a * b); };
constexpr auto kDivide = [](auto a, auto b) { return canonical(a / b); };
constexpr auto kReciprocal = [](auto a) { return canonical(1 / a); };
constexpr auto kRoot = [](auto a) { return canonical(std::sqrt(a)); };
constexpr auto kFused = [](auto a, auto b, auto c) { return canonical(std::fma(a, b, c)); };
constexpr auto kNegate = [](auto a) { return -a; };
constexpr auto kMagnitude = [](auto a) { return std::fabs(a); };

// Of a number and NaN the number; -0 is smaller than 0.
constexpr auto kSmaller = [](auto a, auto b) {
  if (a != a) return canonical(b);
  if (b != b || a < b) return a;
  return a == b && std::signbit(a) ? a : b;
};
constexpr auto kLarger = [](auto a, auto b) {
  if (a != a) return canonical(b);
  if (b != b || a > b) return a;
  return a == b && !std::signbit(a) ? a : b;
};

// Two numbers of 16 bits in one word, each a * b + c rounded once.
template <typename Format>
void fused_pair(const Instruction& i, Thread& t) {
  uint32_t result = 0;
  for (const int shift : {0, 16}) {
    const auto operand = [&](int k) { return Format::to(static_cast<uint16_t>(t.get<uint32_t>(i.from[k]) >> shift)); };
    result |= static_cast<uint32_t>(Format::from(fused_to_odd(operand(0), operand(1), operand(2)))) << shift;
  }
  t.set(i.to[0], result);
}

template <typename... Types>
void add_all(Table& table) {
  put_binary<kAdd, Types...>(table, "add.rn");
  put_binary<kSubtract, Types...>(table, "sub.rn");
  put_binary<kMultiply, Types...>(table, "mul.rn");
  put_binary<kDivide, Types...>(table, "div.rn");
  put_unary<kReciprocal, Types...>(table, "rcp.rn");
  put_unary<kRoot, Types...>(table, "sqrt.rn");
  put_ternary<kFused, Types...>(table, "fma.rn");
  put_unary<kNegate, Types...>(table, "neg");
  put_unary<kMagnitude, Types...>(table, "abs");
  put_binary<kSmaller, Types...>(table, "min");
  put_binary<kLarger, Types...>(table, "max");
}

}  // namespace

void add_float_operations(Table& table) {
  add_all<float, double>(table);
  table["fma.rm.f32"] = ternary<float, fused<Direction::kDown>>;
  table["fma.rp.f32"] = ternary<float, fused<Direction::kUp>>;
  table["fma.rz.f32"] = ternary<float, fused<Direction::kTowardZero>>;
  table["fma.rn.f16x2"] = fused_pair<Float16>;
  table["fma.rn.bf16x2"] = fused_pair<BrainFloat16>;
}

}  // namespace fastmix::ptx
