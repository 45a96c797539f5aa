// Loads and stores. Every access is checked: its place, its size and its alignment.
#include "ptx/operations.h"

namespace fastmix::ptx {
namespace {

enum class Space { kGlobal, kShared, kParameter };

// Global addresses are the host's own; the shim checks and counts them.
template <Space kSpace>
unsigned char* place_of(const Instruction& i, Thread& t, size_t bytes, bool write) {
  const uint64_t address = t.get<uint64_t>(i.from[0]) + static_cast<uint64_t>(i.offset);
  auto* const host = reinterpret_cast<unsigned char*>(address);
  if constexpr (kSpace == Space::kGlobal) {
    if (write) {
      host_cuda::note_write(host, bytes);
    } else {
      host_cuda::note_read(host, bytes);
    }
    return host;
  } else if constexpr (kSpace == Space::kShared) {
    // The upper half of a 32-bit register says nothing.
    const uint64_t within = (address & 0xffffffffu) - kSharedBase;
    if (within > t.launch().shared_bytes || within + bytes > t.launch().shared_bytes)
      t.fail("an access outside of shared memory");
    if (within % bytes != 0) t.fail("an access to shared memory that is not aligned to its size");
    return static_cast<unsigned char*>(host_cuda::shared_memory()) + within;
  } else {
    if (address % bytes != 0) t.fail("an access to a parameter that is not aligned to its size");
    for (const host_cuda::Parameter& parameter : t.launch().parameters) {
      const auto* begin = static_cast<const unsigned char*>(parameter.data);
      if (host >= begin && host + bytes <= begin + parameter.bytes) return host;
    }
    t.fail("an access outside of the parameters");
  }
}

template <typename T, Space kSpace>
void load(const Instruction& i, Thread& t) {
  T values[4];
  std::memcpy(values, place_of<kSpace>(i, t, i.lanes * sizeof(T), false), i.lanes * sizeof(T));
  for (int k = 0; k < i.lanes; ++k) {
    if (i.to[k] != kNoSlot) t.set(i.to[k], values[k]);
  }
}
// The values of a store are in `to`, so that `from` is the address for both.
template <typename T, Space kSpace>
void store(const Instruction& i, Thread& t) {
  T values[4];
  for (int k = 0; k < i.lanes; ++k) values[k] = t.get<T>(i.to[k]);
  std::memcpy(place_of<kSpace>(i, t, i.lanes * sizeof(T), true), values, i.lanes * sizeof(T));
}

// Gives what was there before. Nothing interrupts a thread between its accesses to shared memory.
void add_atomically(const Instruction& i, Thread& t) {
  unsigned char* const place = place_of<Space::kShared>(i, t, sizeof(uint32_t), true);
  uint32_t value;
  std::memcpy(&value, place, sizeof(value));
  if (i.to[0] != kNoSlot) t.set(i.to[0], value);
  value += t.get<uint32_t>(i.from[1]);
  std::memcpy(place, &value, sizeof(value));
}

template <Space kSpace, typename... Types>
void put_loads(Table& table, const std::string& space) {
  (put<Types>(table, "ld." + space, load<Types, kSpace>), ...);
}
template <Space kSpace, typename... Types>
void put_stores(Table& table, const std::string& space) {
  (put<Types>(table, "st." + space, store<Types, kSpace>), ...);
}
template <typename... Types>
void add_all(Table& table) {
  put_loads<Space::kGlobal, Types...>(table, "global");
  put_loads<Space::kShared, Types...>(table, "shared");
  put_loads<Space::kParameter, Types...>(table, "param");
  put_stores<Space::kGlobal, Types...>(table, "global");
  put_stores<Space::kShared, Types...>(table, "shared");
}

}  // namespace

void add_memory_operations(Table& table) {
  add_all<uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t, float, double>(table);
  table["atom.shared.add.u32"] = add_atomically;
}

}  // namespace fastmix::ptx
