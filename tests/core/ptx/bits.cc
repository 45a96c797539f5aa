// Logic, shifts and the placing of bits and bytes.
#include <bit>

#include "ptx/operations.h"

namespace fastmix::ptx {
namespace {

constexpr auto kAnd = [](auto a, auto b) { return static_cast<decltype(a)>(a & b); };
constexpr auto kOr = [](auto a, auto b) { return static_cast<decltype(a)>(a | b); };
constexpr auto kXor = [](auto a, auto b) { return static_cast<decltype(a)>(a ^ b); };
constexpr auto kNot = [](auto a) { return static_cast<decltype(a)>(~a); };

// The count is 32 bits wide, whatever the type; counts beyond the width shift everything out.
template <typename T>
void shift_left(const Instruction& i, Thread& t) {
  const auto count = t.get<uint32_t>(i.from[1]);
  t.set(i.to[0], count >= 8 * sizeof(T) ? T{0} : static_cast<T>(t.get<T>(i.from[0]) << count));
}
template <typename T>
void shift_right(const Instruction& i, Thread& t) {
  constexpr uint32_t kBits = 8 * sizeof(T);
  const auto count = t.get<uint32_t>(i.from[1]);
  const T value = t.get<T>(i.from[0]);
  if (std::is_signed_v<T>) return t.set(i.to[0], static_cast<T>(value >> (count < kBits ? count : kBits - 1)));
  t.set(i.to[0], count >= kBits ? T{0} : static_cast<T>(value >> count));
}

uint64_t joined(uint32_t low, uint32_t high) { return static_cast<uint64_t>(high) << 32 | low; }
constexpr auto kFunnelLeft = [](uint32_t low, uint32_t high, uint32_t count) {
  return static_cast<uint32_t>(joined(low, high) << (count & 31) >> 32);
};
constexpr auto kFunnelRight = [](uint32_t low, uint32_t high, uint32_t count) {
  return static_cast<uint32_t>(joined(low, high) >> (count & 31));
};

// The lowest bits of a go into b, from a position on.
template <typename T>
void insert_bits(const Instruction& i, Thread& t) {
  const T a = t.get<T>(i.from[0]);
  T b = t.get<T>(i.from[1]);
  const uint32_t position = t.get<uint32_t>(i.from[2]) & 255, length = t.get<uint32_t>(i.from[3]) & 255;
  for (uint32_t k = 0; k < length && position + k < 8 * sizeof(T); ++k) {
    const T bit = T{1} << (position + k);
    b = (a >> k & 1) != 0 ? b | bit : b & ~bit;
  }
  t.set(i.to[0], b);
}

// Four bytes of the eight of a and b, chosen by the nibbles of c; a nibble's highest bit takes the sign instead.
constexpr auto kPermuteBytes = [](uint32_t a, uint32_t b, uint32_t c) {
  const uint64_t bytes = joined(a, b);
  uint32_t result = 0;
  for (uint32_t k = 0; k < 4; ++k) {
    const uint32_t chosen = c >> (4 * k) & 15;
    auto byte = static_cast<uint32_t>(bytes >> (8 * (chosen & 7)) & 255);
    if ((chosen & 8) != 0) byte = (byte & 128) != 0 ? 255 : 0;
    result |= byte << (8 * k);
  }
  return result;
};

constexpr auto kReverseBits = [](uint32_t a) {
  uint32_t result = 0;
  for (uint32_t k = 0; k < 32; ++k) result |= (a >> k & 1) << (31 - k);
  return result;
};
// How far the highest set bit is from the top; all ones where none is set.
constexpr auto kShiftAmount = [](uint32_t a) { return a == 0 ? ~0u : static_cast<uint32_t>(std::countl_zero(a)); };

template <typename... Types>
void add_logic(Table& table) {
  put_binary<kAnd, Types...>(table, "and");
  put_binary<kOr, Types...>(table, "or");
  put_binary<kXor, Types...>(table, "xor");
  put_unary<kNot, Types...>(table, "not");
  (put<Types>(table, "shl", shift_left<Types>), ...);
}
template <typename... Types>
void add_right_shifts(Table& table) {
  (put<Types>(table, "shr", shift_right<Types>), ...);
}

}  // namespace

void add_bit_operations(Table& table) {
  add_logic<uint16_t, uint32_t, uint64_t>(table);
  add_right_shifts<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>(table);
  table["and.pred"] = binary<uint8_t, kAnd>;
  table["or.pred"] = binary<uint8_t, kOr>;
  table["xor.pred"] = binary<uint8_t, kXor>;
  table["not.pred"] = unary<uint8_t, kNot>;
  table["shf.l.wrap.b32"] = ternary<uint32_t, kFunnelLeft>;
  table["shf.r.wrap.b32"] = ternary<uint32_t, kFunnelRight>;
  table["bfi.b32"] = insert_bits<uint32_t>;
  table["bfi.b64"] = insert_bits<uint64_t>;
  table["prmt.b32"] = ternary<uint32_t, kPermuteBytes>;
  table["brev.b32"] = unary<uint32_t, kReverseBits>;
  table["bfind.shiftamt.u32"] = unary<uint32_t, kShiftAmount>;
}

}  // namespace fastmix::ptx
