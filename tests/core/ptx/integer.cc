// Integer arithmetic. It wraps; 64 bits hold every intermediate result modulo 2^64.
#include "ptx/operations.h"

namespace fastmix::ptx {
namespace {

constexpr auto kAdd = [](auto a, auto b) { return static_cast<decltype(a)>(uint64_t(a) + uint64_t(b)); };
constexpr auto kSubtract = [](auto a, auto b) { return static_cast<decltype(a)>(uint64_t(a) - uint64_t(b)); };
constexpr auto kMultiply = [](auto a, auto b) { return static_cast<decltype(a)>(uint64_t(a) * uint64_t(b)); };
constexpr auto kMultiplyAdd = [](auto a, auto b, auto c) {
  return static_cast<decltype(a)>(uint64_t(a) * uint64_t(b) + uint64_t(c));
};
constexpr auto kNegate = [](auto a) { return static_cast<decltype(a)>(0 - uint64_t(a)); };
constexpr auto kSmaller = [](auto a, auto b) { return a < b ? a : b; };
constexpr auto kLarger = [](auto a, auto b) { return a > b ? a : b; };
constexpr auto kWide32 = [](uint32_t a, uint32_t b) { return uint64_t(a) * b; };
constexpr auto kWideSigned32 = [](int32_t a, int32_t b) { return int64_t(a) * b; };
constexpr auto kHigh32 = [](uint32_t a, uint32_t b) { return static_cast<uint32_t>(kWide32(a, b) >> 32); };
constexpr auto kHighSigned32 = [](int32_t a, int32_t b) { return static_cast<int32_t>(kWideSigned32(a, b) >> 32); };
constexpr auto kWide16 = [](uint16_t a, uint16_t b) { return uint32_t(a) * b; };
constexpr auto kHigh16 = [](uint16_t a, uint16_t b) { return static_cast<uint16_t>(kWide16(a, b) >> 16); };

// The smallest number by -1 wraps. By 0 the result is not specified, so no kernel may do it.
template <typename T>
void check_divisor(const Thread& t, T divisor) {
  if (divisor == 0) t.fail("a division by 0");
}
template <typename T>
void divide(const Instruction& i, Thread& t) {
  const T a = t.get<T>(i.from[0]), b = t.get<T>(i.from[1]);
  check_divisor(t, b);
  t.set(i.to[0], std::is_signed_v<T> && b == static_cast<T>(-1) ? kNegate(a) : static_cast<T>(a / b));
}
template <typename T>
void remainder(const Instruction& i, Thread& t) {
  const T a = t.get<T>(i.from[0]), b = t.get<T>(i.from[1]);
  check_divisor(t, b);
  t.set(i.to[0], std::is_signed_v<T> && b == static_cast<T>(-1) ? T{0} : static_cast<T>(a % b));
}

template <typename... Types>
void add_all(Table& table) {
  put_binary<kAdd, Types...>(table, "add");
  put_binary<kSubtract, Types...>(table, "sub");
  put_binary<kMultiply, Types...>(table, "mul.lo");
  put_ternary<kMultiplyAdd, Types...>(table, "mad.lo");
  put_binary<kSmaller, Types...>(table, "min");
  put_binary<kLarger, Types...>(table, "max");
  (put<Types>(table, "div", divide<Types>), ...);
  (put<Types>(table, "rem", remainder<Types>), ...);
}

}  // namespace

void add_integer_operations(Table& table) {
  add_all<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>(table);
  put_unary<kNegate, int16_t, int32_t, int64_t>(table, "neg");
  table["mul.wide.u16"] = binary<uint16_t, kWide16>;
  table["mul.wide.u32"] = binary<uint32_t, kWide32>;
  table["mul.hi.u16"] = binary<uint16_t, kHigh16>;
  table["mul.hi.u32"] = binary<uint32_t, kHigh32>;
  table["mul.hi.s32"] = binary<int32_t, kHighSigned32>;
  table["mul.wide.s32"] = binary<int32_t, kWideSigned32>;
}

}  // namespace fastmix::ptx
