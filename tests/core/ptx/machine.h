// A kernel as the interpreter holds it, and a thread that runs it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "host_cuda.h"

namespace fastmix::ptx {

class Thread;
struct Instruction;
using Operation = void (*)(const Instruction&, Thread&);

constexpr int32_t kNoSlot = -1;

// Operands are slots: places in a thread's array of 64-bit words, which holds registers, constants, special registers
// and the addresses of parameters.
struct Instruction {
  Operation run = nullptr;
  int32_t guard = kNoSlot;  // the predicate that decides whether this runs
  bool guard_value = true;
  uint8_t lanes = 1;  // of a vector that is loaded, stored, packed or unpacked
  int32_t to[4] = {kNoSlot, kNoSlot, kNoSlot, kNoSlot};
  int32_t from[4] = {kNoSlot, kNoSlot, kNoSlot, kNoSlot};
  int64_t offset = 0;   // of an address
  uint32_t target = 0;  // of a branch
};

// What one instruction was made from, for messages and the report of what ran.
struct Origin {
  std::string text;
  uint32_t line = 0;
};

// %tid, %ctaid, %ntid and %nctaid, x to z, take the first slots of every thread in this order.
constexpr int32_t kSpecialSlots = 12;

struct Kernel {
  std::string name, file;
  uint64_t number = 0;  // no other kernel has it; a later one may have this one's address
  std::vector<Instruction> code;
  std::vector<Origin> origins;           // one per instruction
  std::vector<uint64_t> slots;           // what a thread starts with
  std::vector<int32_t> parameter_slots;  // in the order of the parameters
  std::vector<size_t> parameter_bytes;
  mutable std::vector<uint64_t> runs;  // how often each instruction ran
  mutable uint64_t launches = 0, threads = 0;
};

// Shared memory begins here; lower addresses are errors.
constexpr uint64_t kSharedBase = 0x1000;

struct Launch {
  const Kernel& kernel;
  std::vector<host_cuda::Parameter> parameters;
  size_t shared_bytes;
};

class Thread final : public host_cuda::Resumable {
 public:
  explicit Thread(const Launch& launch);
  ~Thread() override;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  host_cuda::State run() override;
  // At this barrier the shim runs the block's other threads.
  void wait();
  // Likewise, until these lanes of the warp have come.
  void wait_for_lanes(uint32_t lanes);
  void jump(uint32_t target) { next_ = target; }
  void end() { next_ = static_cast<uint32_t>(kernel_.code.size()); }
  const Launch& launch() const { return launch_; }

  template <typename T>
  T get(int32_t slot) const {
    T value;
    std::memcpy(&value, &slots_[slot], sizeof(T));
    return value;
  }
  // Registers may be wider than the value: signed integers are extended by their sign, all others by zeros.
  template <typename T>
  void set(int32_t slot, T value) {
    if constexpr (std::is_floating_point_v<T>) {
      slots_[slot] = 0;
      std::memcpy(&slots_[slot], &value, sizeof(T));
    } else {
      slots_[slot] = static_cast<uint64_t>(value);
    }
  }
  bool predicate(int32_t slot) const { return (slots_[slot] & 1) != 0; }

  // Stops the program with the instruction that is running.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  const Launch& launch_;
  const Kernel& kernel_;
  std::vector<uint64_t> slots_;
  uint32_t next_ = 0;
  uint32_t running_ = 0;
  host_cuda::State state_ = host_cuda::State::kReady;
};

// Stops the program.
[[noreturn]] void fail(const std::string& what);

}  // namespace fastmix::ptx
