#include "ptx/machine.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace fastmix::ptx {

namespace {

// The slots of threads that have ended, for the next ones: allocating them would take as long as running a thread.
std::vector<std::vector<uint64_t>>& spare() {
  static std::vector<std::vector<uint64_t>> slots;
  return slots;
}

}  // namespace

void fail(const std::string& what) {
  std::fprintf(stderr, "ptx: %s\n", what.c_str());
  std::abort();
}

Thread::Thread(const Launch& launch) : launch_(launch), kernel_(launch.kernel) {
  if (!spare().empty()) {
    slots_ = std::move(spare().back());
    spare().pop_back();
  }
  slots_.assign(kernel_.slots.begin(), kernel_.slots.end());
  const host_cuda::Place& place = host_cuda::place;
  int32_t slot = 0;
  for (const dim3& of : {place.thread, place.block, place.block_dim, place.grid_dim}) {
    for (const uint32_t value : {of.x, of.y, of.z}) set(slot++, value);
  }
  for (size_t k = 0; k < launch.parameters.size(); ++k)
    set(kernel_.parameter_slots[k], reinterpret_cast<uint64_t>(launch.parameters[k].data));
}

Thread::~Thread() { spare().push_back(std::move(slots_)); }

void Thread::run() {
  const auto end = static_cast<uint32_t>(kernel_.code.size());
  while (next_ < end) {
    running_ = next_++;
    const Instruction& instruction = kernel_.code[running_];
    if (instruction.guard != kNoSlot && predicate(instruction.guard) != instruction.guard_value) continue;
    ++kernel_.runs[running_];
    instruction.run(instruction, *this);
  }
}

void Thread::fail(const std::string& what) const {
  const Origin& origin = kernel_.origins[running_];
  ptx::fail(what + " in " + kernel_.file + ":" + std::to_string(origin.line) + ": " + origin.text);
}

}  // namespace fastmix::ptx
