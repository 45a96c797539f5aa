#include "ptx/machine.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace fastmix::ptx {

namespace {

// The slots of threads that have ended, for the next ones: allocating them would take as long as running a thread.
struct Spare {
  uint64_t kernel;
  std::vector<uint64_t> slots;
};
std::vector<Spare>& spare() {
  static std::vector<Spare> all;
  return all;
}

// Threads mostly find the registers of an earlier thread: filling them takes a fifth of all time.
constexpr uint64_t kFilledOneIn = 8;

}  // namespace

void fail(const std::string& what) {
  std::fprintf(stderr, "ptx: %s\n", what.c_str());
  std::abort();
}

Thread::Thread(const Launch& launch) : launch_(launch), kernel_(launch.kernel) {
  bool filled = false;
  if (!spare().empty()) {
    filled = spare().back().kernel == kernel_.number && ++kernel_.threads % kFilledOneIn != 0;
    slots_ = std::move(spare().back().slots);
    spare().pop_back();
  }
  if (!filled) slots_.assign(kernel_.slots.begin(), kernel_.slots.end());
  const host_cuda::Place& place = host_cuda::place;
  int32_t slot = 0;
  for (const dim3& of : {place.thread, place.block, place.block_dim, place.grid_dim}) {
    for (const uint32_t value : {of.x, of.y, of.z}) set(slot++, value);
  }
  for (size_t k = 0; k < launch.parameters.size(); ++k)
    set(kernel_.parameter_slots[k], reinterpret_cast<uint64_t>(launch.parameters[k].data));
}

Thread::~Thread() { spare().push_back({kernel_.number, std::move(slots_)}); }

host_cuda::State Thread::run() {
  const auto end = static_cast<uint32_t>(kernel_.code.size());
  state_ = host_cuda::State::kReady;
  while (!host_cuda::gives_way) {
    if (next_ >= end) return host_cuda::State::kDone;
    running_ = next_++;
    const Instruction& instruction = kernel_.code[running_];
    if (instruction.guard != kNoSlot && predicate(instruction.guard) != instruction.guard_value) continue;
    ++kernel_.runs[running_];
    instruction.run(instruction, *this);
  }
  return state_;
}

void Thread::wait() {
  host_cuda::barrier();
  if (host_cuda::gives_way) state_ = host_cuda::State::kAtBarrier;
}

void Thread::wait_for_lanes(uint32_t lanes) {
  host_cuda::warp_barrier(lanes);
  if (host_cuda::gives_way) state_ = host_cuda::State::kAtWarpBarrier;
}

void Thread::fail(const std::string& what) const {
  const Origin& origin = kernel_.origins[running_];
  ptx::fail(what + " in " + kernel_.file + ":" + std::to_string(origin.line) + ": " + origin.text);
}

}  // namespace fastmix::ptx
