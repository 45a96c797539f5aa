// mov: between registers, and of several registers into one and back ("pack" and "unpack" are the parser's names).
#include "ptx/operations.h"

namespace fastmix::ptx {
namespace {

constexpr auto kSame = [](auto a) { return a; };
constexpr auto kTruth = [](uint64_t a) { return a != 0; };

// The first register is the lowest part.
template <typename T>
void pack(const Instruction& i, Thread& t) {
  const uint32_t bits = 8 * sizeof(T) / i.lanes;
  uint64_t whole = 0;
  for (uint32_t k = 0; k < i.lanes; ++k)
    whole |= (t.get<uint64_t>(i.from[k]) & ((uint64_t{1} << bits) - 1)) << (k * bits);
  t.set(i.to[0], static_cast<T>(whole));
}
template <typename T>
void unpack(const Instruction& i, Thread& t) {
  const uint32_t bits = 8 * sizeof(T) / i.lanes;
  const auto whole = static_cast<uint64_t>(t.get<T>(i.from[0]));
  for (uint32_t k = 0; k < i.lanes; ++k) {
    if (i.to[k] != kNoSlot) t.set(i.to[k], whole >> (k * bits) & ((uint64_t{1} << bits) - 1));
  }
}

}  // namespace

void add_moves(Table& table) {
  put_unary<kSame, uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t, float, double>(table, "mov");
  table["mov.pred"] = unary<uint64_t, kTruth>;
  table["cvta.to.global.u64"] = unary<uint64_t, kSame>;
  table["pack.b32"] = pack<uint32_t>;
  table["pack.b64"] = pack<uint64_t>;
  table["unpack.b32"] = unpack<uint32_t>;
  table["unpack.b64"] = unpack<uint64_t>;
}

}  // namespace fastmix::ptx
