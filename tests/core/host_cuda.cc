#include "host_cuda.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace fastmix::host_cuda {

Place place;
bool gives_way = false;

namespace {

// Instrumented frames are large; only the pages that are touched cost memory.
constexpr size_t kStackBytes = 256 * 1024;

// That a thread passes without waiting, where barriers are off: loops then may have bounds that nobody has written yet.
constexpr uint32_t kMostBarriers = 1000;

constexpr uint32_t kWarp = 32;
constexpr size_t kSector = 32;

[[noreturn]] void fail(const char* what, const void* address) {
  std::fprintf(stderr, "host_cuda: %s (address %p, thread %u.%u, block %u.%u)\n", what, address, place.thread.x,
               place.thread.y, place.block.x, place.block.y);
  std::abort();
}

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
  uint32_t below(uint32_t bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<uint32_t>((state_ >> 32) * bound >> 32);
  }

 private:
  uint64_t state_;
};

// AddressSanitizer must be told of every change of stack.
struct StackSwitch {
#if defined(__SANITIZE_ADDRESS__)
  void* fake_stack = nullptr;
  void leave(const void* to, size_t bytes) { __sanitizer_start_switch_fiber(&fake_stack, to, bytes); }
  static void leave_for_ever(const void* to, size_t bytes) { __sanitizer_start_switch_fiber(nullptr, to, bytes); }
  void arrive(const void** from, size_t* bytes) { __sanitizer_finish_switch_fiber(fake_stack, from, bytes); }
#else
  void leave(const void*, size_t) {}
  static void leave_for_ever(const void*, size_t) {}
  void arrive(const void**, size_t*) {}
#endif
};

struct Fiber {
  std::unique_ptr<Resumable> resumable;  // runs instead of the function, without the stack
  ucontext_t context;
  void* stack = nullptr;
  StackSwitch stack_switch;
  dim3 thread;
  State state = State::kReady;
  uint32_t barriers = 0;
  uint32_t waits_for = 0;  // lanes of its warp
  uint32_t stores = 0, loads = 0;

  Fiber() {
    stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED) fail("no memory for a stack", nullptr);
  }
  ~Fiber() { munmap(stack, kStackBytes); }
};

struct BlockRunner {
  std::vector<std::unique_ptr<Fiber>> fibers;
  Fiber* current = nullptr;
  const ThreadBody* kernel = nullptr;
  const NewThread* new_thread = nullptr;
  ucontext_t main;
  StackSwitch main_switch;
  const void* main_stack = nullptr;
  size_t main_stack_bytes = 0;
  void* shared = nullptr;
  Random random{1};
  std::vector<Watch*> watches;

  void resume(Fiber& fiber) {
    current = &fiber;
    place.thread = fiber.thread;
    if (fiber.resumable != nullptr) {
      gives_way = false;
      fiber.state = fiber.resumable->run();
      if (fiber.state == State::kDone) fiber.resumable = nullptr;
      current = nullptr;
      return;
    }
    main_switch.leave(fiber.stack, kStackBytes);
    swapcontext(&main, &fiber.context);
    main_switch.arrive(nullptr, nullptr);
    current = nullptr;
  }

  void pause(State state) {
    Fiber& fiber = *current;
    if (fiber.resumable != nullptr) {
      gives_way = true;
      return;
    }
    fiber.state = state;
    fiber.stack_switch.leave(main_stack, main_stack_bytes);
    swapcontext(&fiber.context, &main);
    fiber.stack_switch.arrive(&main_stack, &main_stack_bytes);
  }

  uint32_t number(const Fiber& fiber) const {
    return (fiber.thread.z * place.block_dim.y + fiber.thread.y) * place.block_dim.x + fiber.thread.x;
  }

  static void enter();
  void start(Fiber& fiber, dim3 thread);
  void arrive_at_warp_barrier(Fiber& fiber, std::vector<Fiber*>& ready);
  void run_block(uint32_t threads);
};

BlockRunner runner;

void BlockRunner::enter() {
  runner.current->stack_switch.arrive(&runner.main_stack, &runner.main_stack_bytes);
  (*runner.kernel)();
  runner.current->state = State::kDone;
  StackSwitch::leave_for_ever(runner.main_stack, runner.main_stack_bytes);
  setcontext(&runner.main);
}

void BlockRunner::start(Fiber& fiber, dim3 thread) {
  fiber.thread = thread;
  fiber.state = State::kReady;
  fiber.barriers = fiber.stores = fiber.loads = 0;
  place.thread = thread;
  fiber.resumable = new_thread != nullptr ? (*new_thread)() : nullptr;
  if (fiber.resumable != nullptr) return;
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(fiber.stack, kStackBytes);
#endif
  fiber.stack_switch = {};
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack;
  fiber.context.uc_stack.ss_size = kStackBytes;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, &BlockRunner::enter, 0);
}

// The last lane that arrives lets the others of its mask go on.
void BlockRunner::arrive_at_warp_barrier(Fiber& fiber, std::vector<Fiber*>& ready) {
  const uint32_t lane = number(fiber) % kWarp, warp = number(fiber) - lane;
  if ((fiber.waits_for >> lane & 1u) == 0) fail("a lane waits at a barrier of others", nullptr);
  std::vector<Fiber*> members;
  for (uint32_t k = 0; k < kWarp; ++k) {
    if ((fiber.waits_for >> k & 1u) == 0) continue;
    if (warp + k >= place.block_dim.x * place.block_dim.y * place.block_dim.z) fail("a barrier of no lane", nullptr);
    Fiber* const member = fibers[warp + k].get();
    if (member->state != State::kAtWarpBarrier) return;
    if (member->waits_for != fiber.waits_for) fail("lanes of a warp wait for different lanes", nullptr);
    members.push_back(member);
  }
  for (Fiber* member : members) {
    member->state = State::kReady;
    ready.push_back(member);
  }
}

void BlockRunner::run_block(uint32_t threads) {
  std::vector<Fiber*> ready, waiting;
  for (uint32_t t = 0; t < threads; ++t) ready.push_back(fibers[t].get());
  while (!ready.empty()) {
    std::swap(ready[random.below(static_cast<uint32_t>(ready.size()))], ready.back());
    Fiber& fiber = *ready.back();
    resume(fiber);
    if (fiber.state == State::kReady) continue;
    ready.pop_back();
    if (fiber.state == State::kAtBarrier) waiting.push_back(&fiber);
    if (fiber.state == State::kAtWarpBarrier) arrive_at_warp_barrier(fiber, ready);
    if (!ready.empty()) continue;
    for (uint32_t t = 0; t < threads; ++t) {
      if (fibers[t]->state == State::kAtWarpBarrier) fail("some lanes of a warp are missing at a barrier", nullptr);
    }
    // Stricter than the hardware, which lets exited threads be missing: here all threads reach every barrier.
    if (!waiting.empty() && waiting.size() != threads)
      fail("some threads of a block are missing at a barrier", nullptr);
    for (Fiber* released : waiting) released->state = State::kReady;
    ready.swap(waiting);
  }
}

Watch* watch_of(const void* address, size_t bytes) {
  const auto* first = static_cast<const unsigned char*>(address);
  for (Watch* watch : runner.watches) {
    if (first >= watch->base && first + bytes <= watch->base + watch->reads.size()) return watch;
  }
  return nullptr;
}

void note(const void* address, size_t bytes, std::vector<uint16_t> Watch::* counts) {
  if (reinterpret_cast<uintptr_t>(address) % bytes != 0) fail("an access is not aligned to its size", address);
#if defined(__SANITIZE_ADDRESS__)
  // The interpreter of PTX is not sanitised itself.
  if (__asan_region_is_poisoned(const_cast<void*>(address), bytes) != nullptr)
    fail("an access outside of the program's memory", address);
#endif
  if (Watch* watch = watch_of(address, bytes)) {
    const size_t first = static_cast<size_t>(static_cast<const unsigned char*>(address) - watch->base);
    for (size_t k = 0; k < bytes; ++k) ++(watch->*counts)[first + k];
    // Lanes of a warp that do the same make the same access at the same time.
    if (runner.current != nullptr) {
      const bool stores = counts == &Watch::writes;
      uint32_t& access = stores ? runner.current->stores : runner.current->loads;
      (stores ? watch->sectors : watch->loaded_sectors)
          .emplace(counters().launches, place.block.y * place.grid_dim.x + place.block.x,
                   runner.number(*runner.current) / kWarp, access++, reinterpret_cast<uintptr_t>(address) / kSector);
    }
  } else if (!runner.watches.empty() && !(settings().substitute && counts == &Watch::reads)) {
    // In the compiler's code reads of the plan look like reads of images.
    fail("an access outside the watched memory", address);
  }
  const uint32_t odds = settings().interrupt_one_in;
  if (odds != 0 && runner.random.below(odds) == 0) runner.pause(State::kReady);
}

}  // namespace

Settings& settings() {
  static Settings instance;
  return instance;
}

Counters& counters() {
  static Counters instance;
  return instance;
}

Watch::Watch(const void* base_address, size_t size)
    : base(static_cast<const unsigned char*>(base_address)), reads(size), writes(size) {
  runner.watches.push_back(this);
}

uint64_t Watch::sector_bytes() const { return sectors.size() * kSector; }
uint64_t Watch::loaded_sector_bytes() const { return loaded_sectors.size() * kSector; }

Watch::~Watch() { runner.watches.erase(std::find(runner.watches.begin(), runner.watches.end(), this)); }

namespace {

void run_grid(dim3 grid, dim3 block, size_t shared_bytes) {
  ++counters().launches;
  counters().last_grid = grid;
  counters().last_block = block;
  counters().last_shared = shared_bytes;
  if (settings().next_error != cudaSuccess) return;
  const uint32_t threads = block.x * block.y * block.z;
  if (threads == 0 || threads > 1024 || grid.x == 0 || grid.y == 0 || grid.y > kMaxGridY || grid.z != 1)
    fail("a launch of a size that CUDA refuses", nullptr);
  if (shared_bytes > 48 * 1024) fail("more shared memory than a kernel gets by default", nullptr);
  while (runner.fibers.size() < threads) runner.fibers.push_back(std::make_unique<Fiber>());
  runner.random = Random(settings().seed);
  place.block_dim = block;
  place.grid_dim = grid;
  for (uint32_t y = 0; y < grid.y; ++y) {
    for (uint32_t x = 0; x < grid.x; ++x) {
      place.block = dim3(x, y, 0);
      // Exactly as large as asked for, so that AddressSanitizer sees an overrun, and not zero at first.
      const size_t words = (shared_bytes + 15) / 16;
      const std::unique_ptr<unsigned char[]> shared(new unsigned char[words == 0 ? 1 : shared_bytes]);
      std::memset(shared.get(), 0xcd, shared_bytes);
      runner.shared = shared.get();
      for (uint32_t t = 0; t < threads; ++t) {
        const dim3 thread(t % block.x, t / block.x % block.y, t / (block.x * block.y));
        runner.start(*runner.fibers[t], thread);
      }
      runner.run_block(threads);
    }
  }
}

}  // namespace

void run(dim3 grid, dim3 block, size_t shared_bytes, const ThreadBody& kernel) {
  runner.kernel = &kernel;
  runner.new_thread = nullptr;
  run_grid(grid, block, shared_bytes);
}

void run(dim3 grid, dim3 block, size_t shared_bytes, const NewThread& new_thread) {
  runner.new_thread = &new_thread;
  run_grid(grid, block, shared_bytes);
}

void barrier() {
  if (settings().barriers) return runner.pause(State::kAtBarrier);
  if (++runner.current->barriers > kMostBarriers) fail("a thread does not come to an end", nullptr);
}
void warp_barrier(uint32_t lanes) {
  if (!settings().barriers) return barrier();
  runner.current->waits_for = lanes;
  runner.pause(State::kAtWarpBarrier);
}
void* shared_memory() { return runner.shared; }
void note_read(const void* address, size_t bytes) { note(address, bytes, &Watch::reads); }
void note_write(const void* address, size_t bytes) { note(address, bytes, &Watch::writes); }

cudaError_t take_error() { return std::exchange(settings().next_error, cudaSuccess); }

cudaError_t upload_allocate(void** data, size_t bytes) {
  *data = std::malloc(bytes);
  ++counters().uploads;
  ++counters().live_uploads;
  return cudaSuccess;
}
cudaError_t upload_free(void* data) {
  std::free(data);
  --counters().live_uploads;
  return cudaSuccess;
}

}  // namespace fastmix::host_cuda
