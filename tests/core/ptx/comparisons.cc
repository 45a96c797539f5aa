// setp and selp. Floats have two forms of every comparison: with NaN, "lt" is false and "ltu" is true.
#include "ptx/operations.h"

namespace fastmix::ptx {
namespace {

constexpr auto kEqual = [](auto a, auto b) { return a == b; };
constexpr auto kNotEqual = [](auto a, auto b) { return a < b || a > b; };
constexpr auto kLess = [](auto a, auto b) { return a < b; };
constexpr auto kLessEqual = [](auto a, auto b) { return a <= b; };
constexpr auto kGreater = [](auto a, auto b) { return a > b; };
constexpr auto kGreaterEqual = [](auto a, auto b) { return a >= b; };
constexpr auto kEqualOrNan = [](auto a, auto b) { return !(a < b || a > b); };
constexpr auto kNotEqualOrNan = [](auto a, auto b) { return a != b; };
constexpr auto kLessOrNan = [](auto a, auto b) { return !(a >= b); };
constexpr auto kLessEqualOrNan = [](auto a, auto b) { return !(a > b); };
constexpr auto kGreaterOrNan = [](auto a, auto b) { return !(a <= b); };
constexpr auto kGreaterEqualOrNan = [](auto a, auto b) { return !(a < b); };
constexpr auto kNumbers = [](auto a, auto b) { return a == a && b == b; };
constexpr auto kAnyNan = [](auto a, auto b) { return a != a || b != b; };

template <typename T>
void select(const Instruction& i, Thread& t) {
  t.set(i.to[0], t.get<T>(i.from[t.predicate(i.from[2]) ? 0 : 1]));
}

template <typename... Types>
void add_ordered(Table& table) {
  put_binary<kEqual, Types...>(table, "setp.eq");
  put_binary<kNotEqual, Types...>(table, "setp.ne");
  put_binary<kLess, Types...>(table, "setp.lt");
  put_binary<kLessEqual, Types...>(table, "setp.le");
  put_binary<kGreater, Types...>(table, "setp.gt");
  put_binary<kGreaterEqual, Types...>(table, "setp.ge");
  (put<Types>(table, "selp", select<Types>), ...);
}

template <typename... Types>
void add_unordered(Table& table) {
  put_binary<kEqualOrNan, Types...>(table, "setp.equ");
  put_binary<kNotEqualOrNan, Types...>(table, "setp.neu");
  put_binary<kLessOrNan, Types...>(table, "setp.ltu");
  put_binary<kLessEqualOrNan, Types...>(table, "setp.leu");
  put_binary<kGreaterOrNan, Types...>(table, "setp.gtu");
  put_binary<kGreaterEqualOrNan, Types...>(table, "setp.geu");
  put_binary<kNumbers, Types...>(table, "setp.num");
  put_binary<kAnyNan, Types...>(table, "setp.nan");
}

}  // namespace

void add_comparisons(Table& table) {
  add_ordered<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t, float, double>(table);
  add_unordered<float, double>(table);
}

}  // namespace fastmix::ptx
