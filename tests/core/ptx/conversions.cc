// cvt, between integers, floats and 16-bit floats.
#include <limits>

#include "ptx/operations.h"
#include "ptx/rounding.h"

namespace fastmix::ptx {
namespace {

// Between integers, to a wider float, or to a float with the rounding that C++ has: to nearest.
template <typename To, typename From>
void convert(const Instruction& i, Thread& t) {
  const auto result = static_cast<To>(t.get<From>(i.from[0]));
  if constexpr (std::is_same_v<To, float>) {
    t.set(i.to[0], canonical(result));
  } else {
    t.set(i.to[0], result);
  }
}

// Toward zero, within the integer's limits; NaN gives 0.
template <typename To, typename From>
void truncate(const Instruction& i, Thread& t) {
  using Limits = std::numeric_limits<To>;
  const auto value = static_cast<double>(t.get<From>(i.from[0]));
  To result = 0;
  if (value >= static_cast<double>(Limits::max())) {
    result = Limits::max();
  } else if (value <= static_cast<double>(Limits::min())) {
    result = Limits::min();
  } else if (value == value) {
    result = static_cast<To>(value);
  }
  t.set(i.to[0], result);
}

template <Direction kDirection>
void narrow_towards(const Instruction& i, Thread& t) {
  t.set(i.to[0], canonical(narrowed(t.get<double>(i.from[0]), kDirection)));
}
template <typename Format>
void narrow(const Instruction& i, Thread& t) {
  t.set(i.to[0], Format::from(t.get<float>(i.from[0])));
}
// The first operand goes into the upper half.
template <typename Format>
void narrow_pair(const Instruction& i, Thread& t) {
  const uint32_t upper = Format::from(t.get<float>(i.from[0])), lower = Format::from(t.get<float>(i.from[1]));
  t.set(i.to[0], upper << 16 | lower);
}
template <typename Format>
void widen(const Instruction& i, Thread& t) {
  t.set(i.to[0], canonical(static_cast<float>(Format::to(t.get<uint16_t>(i.from[0])))));
}

template <typename To, typename From>
void put_conversion(Table& table, const std::string& rounding) {
  table["cvt" + rounding + "." + type_names<To>()[0] + "." + type_names<From>()[0]] = convert<To, From>;
}
template <typename To, typename... From>
void put_from(Table& table, const std::string& rounding) {
  (put_conversion<To, From>(table, rounding), ...);
}
template <typename To>
void put_from_integers(Table& table, const std::string& rounding) {
  put_from<To, uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>(table, rounding);
}
template <typename... To>
void put_between_integers(Table& table) {
  (put_from_integers<To>(table, ""), ...);
}

}  // namespace

void add_conversions(Table& table) {
  put_between_integers<uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>(table);
  put_from_integers<float>(table, ".rn");
  put_from_integers<double>(table, ".rn");
  put_from<double, float>(table, "");
  put_from<float, double>(table, ".rn");
  table["cvt.rzi.s32.f32"] = truncate<int32_t, float>;
  table["cvt.rzi.s32.f64"] = truncate<int32_t, double>;
  table["cvt.rzi.s64.f64"] = truncate<int64_t, double>;
  table["cvt.rzi.u32.f32"] = truncate<uint32_t, float>;
  table["cvt.rzi.u32.f64"] = truncate<uint32_t, double>;
  table["cvt.rm.f32.f64"] = narrow_towards<Direction::kDown>;
  table["cvt.rp.f32.f64"] = narrow_towards<Direction::kUp>;
  table["cvt.rn.f16.f32"] = narrow<Float16>;
  table["cvt.rn.bf16.f32"] = narrow<BrainFloat16>;
  table["cvt.rn.f16x2.f32"] = narrow_pair<Float16>;
  table["cvt.rn.bf16x2.f32"] = narrow_pair<BrainFloat16>;
  table["cvt.f32.f16"] = widen<Float16>;
}

}  // namespace fastmix::ptx
